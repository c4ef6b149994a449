package console

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/infra/holidays"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type holidayPlacesBody struct {
	Fresh
	FirstYear int              `json:"first_year"`
	LastYear  int              `json:"last_year" doc:"Holidays are known from the first to the last year."`
	Items     []holidays.Place `json:"items" nullable:"false" doc:"Each country before its regions."`
}

type holidaysInput struct {
	Reading
	ID      string `path:"id" doc:"The calendar's id, a UUID."`
	Country string `query:"country" required:"true" maxLength:"2" doc:"ISO 3166-1, among those that GET /holiday-places lists."`
	Region  string `query:"region" maxLength:"3" doc:"The second part of ISO 3166-2; absent for what holds everywhere in the country."`
	From    int    `query:"from" required:"true" doc:"The first year."`
	To      int    `query:"to" required:"true" doc:"The last year."`
}

type holidaysBody struct {
	Fresh
	Items []ProposedHoliday `json:"items" nullable:"false" doc:"In their order."`
}

// ProposedHoliday is a holiday that a calendar could take over. It is exported because it is a part of a body.
type ProposedHoliday struct {
	Date    string `json:"date" format:"date"`
	Weekday string `json:"weekday"`
	Name    string `json:"name"`
	Kept    bool   `json:"kept" doc:"The calendar's newest version says something of the day already, which stays as it is."`
}

type importHolidaysBody struct {
	Country string `json:"country" maxLength:"2" doc:"ISO 3166-1, among those that GET /holiday-places lists."`
	Region  string `json:"region,omitempty" maxLength:"3" doc:"The second part of ISO 3166-2; left out for what holds everywhere in the country."`
	From    int    `json:"from" doc:"The first year."`
	To      int    `json:"to" doc:"The last year."`
}

func (c *Console) readHolidayPlaces(context.Context, pgx.Tx, reader, *Reading) (holidayPlacesBody, error) {
	return holidayPlacesBody{FirstYear: holidays.FirstYear, LastYear: holidays.LastYear, Items: holidays.Places()}, nil
}

func (c *Console) readHolidays(ctx context.Context, tx pgx.Tx, _ reader, in *holidaysInput) (b holidaysBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	choice := holidays.Choice{Country: in.Country, Region: in.Region, First: in.From, Last: in.To}
	if err := checkChoice(choice); err != nil {
		return b, err
	}
	if _, err = rows.CalendarByID(ctx, tx, id); err != nil {
		return b, err
	}
	newest, err := rows.CalendarVersionNumbered(ctx, tx, id, 0)
	b.Items = proposed(choice.Days(), newest.Calendar)
	return b, err
}

// proposed tells of holidays which of them a calendar lacks.
func proposed(days []calendar.SpecialDay, in calendar.Calendar) []ProposedHoliday {
	missing := map[calendar.Date]bool{}
	for _, day := range in.Missing(days) {
		missing[day.Date] = true
	}
	all := make([]ProposedHoliday, len(days))
	for i, day := range days {
		all[i] = ProposedHoliday{Date: string(day.Date), Weekday: day.Date.Weekday().String(), Name: day.Name, Kept: !missing[day.Date]}
	}
	return all
}

// importHolidays writes the holidays chosen into the next version of a calendar.
func (c *Console) importHolidays(ctx context.Context, r commands.Request, id uuid.UUID, choice holidays.Choice) (commands.Answer, error) {
	if err := checkChoice(choice); err != nil {
		return commands.Answer{}, err
	}
	return c.commands.AddHolidays(ctx, r, commands.AddHolidays{Calendar: domain.CalendarID{UUID: id}, Days: choice.Days(), Reason: choice.String()})
}

func checkChoice(choice holidays.Choice) error {
	var check domain.Check
	for field, wrong := range choice.Check() {
		check.That(false, field, wrong)
	}
	return check.Err()
}

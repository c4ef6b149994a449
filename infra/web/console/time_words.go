package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain/calendar"
	"effigate/domain/forecast"
	"effigate/domain/money"
	books "effigate/domain/period" // period is a word of this package
	"effigate/domain/rate"
	"effigate/domain/terms"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// rawHours is raw time in words: "2 h 30 min"; what is no whole minute is cut off.
func rawHours(seconds int64) string { return hoursText(seconds / 60) }

// dayName is a day in words: "Mon 16 Mar".
func dayName(day calendar.Date) string {
	at, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return string(day)
	}
	return at.Format("Mon 2 Jan")
}

// weekName is a week in words: "16 to 22 Mar 2026".
func weekName(monday calendar.Date) string {
	from, err := time.Parse(time.DateOnly, string(monday))
	if err != nil {
		return string(monday)
	}
	until := from.AddDate(0, 0, 6)
	if from.Month() == until.Month() {
		return from.Format("2") + " to " + until.Format("2 Jan 2006")
	}
	return from.Format("2 Jan") + " to " + until.Format("2 Jan 2006")
}

// span is when a record's work was done: "09:00–11:30", or "by duration".
func span(t rows.TimeRecord) string {
	if t.From == nil || t.Until == nil {
		return "by duration"
	}
	from, until := inZone(*t.From, t.Zone), inZone(*t.Until, t.Zone)
	text := from.Format("15:04") + "–" + until.Format("15:04")
	if from.YearDay() != until.YearDay() {
		text += " (next day)"
	}
	return text
}

func timeTone(status string) page.Tone {
	switch status {
	case rows.TimeApproved:
		return page.Good
	case rows.TimeSubmitted:
		return page.Attention
	case rows.TimeReturned:
		return page.Danger
	}
	return page.Neutral
}

// billingNames are the kinds of billing in words.
var billingNames = map[string]string{
	string(books.Billable): "Charged", string(books.Included): "Included in a fee", string(books.NoCharge): "For nothing, and shown", string(books.NonBillable): "Not the client's business",
}

func billingOptions(now string) []page.Option {
	return options(now, string(books.Billable), "Charged", string(books.Included), "Included in a fee",
		string(books.NoCharge), "For nothing; the client may see it", string(books.NonBillable), "Not the client's business")
}

func conditionOptions(now string) []page.Option {
	return options(now, "", "By the clock", "regular", "Regular hours", "after_hours", "After hours", "weekend", "Weekend", "holiday", "Holiday", "emergency", "Emergency")
}

// lineOptions are the lines of a contract.
func lineOptions(lines []terms.Line, now string) []page.Option {
	var all []page.Option
	for _, line := range lines {
		all = append(all, page.Option{Value: line.Key, Label: line.Name, Selected: line.Key == now})
	}
	return all
}

// lineName is the name of a line by its key.
func lineName(lines []terms.Line, key string) string {
	for _, line := range lines {
		if line.Key == key {
			return line.Name
		}
	}
	return key
}

// alertText is what an alert said: "Platform reached 63 % (63 h of 100 h); the client was told".
func alertText(v periodView, alert rows.HoursAlert) string {
	line, told := lineName(v.Lines, alert.Line), ""
	if alert.Shown {
		told = "; the client was told"
	}
	if alert.RunsOut != "" {
		return "the hours of " + line + " are forecast to run out on " + dayText(alert.RunsOut) + ", before the contract ends" + told
	}
	used, limit := hoursText(int64(alert.UsedMinutes)), hoursText(int64(alert.OfMinutes))
	if alert.Cap != "" {
		used, limit = worthText(alert.Spent, v.Currency), worthText(alert.Cap, v.Currency)
	}
	return line + " reached " + strconv.Itoa(alert.Percent) + " % (" + used + " of " + limit + ")" + told
}

// priceText is the price of a part in words: "AUD 120.00 an hour".
func priceText(p partPrice, currency string) string {
	amount := worthText(p.Amount.String(), currency)
	switch p.Unit {
	case rate.PerHour:
		return amount + " an hour"
	case rate.PerDay:
		return amount + " a day of " + hoursText(int64(p.DayMinutes))
	case rate.Fixed:
		return amount + " for the record"
	}
	return amount
}

// wonBy names the row that won.
func wonBy(p partPrice) string {
	return label(string(p.Layer)) + " " + p.Card + ", version " + strconv.Itoa(p.Version) + ", row " + p.Row
}

// worthText is an exact amount, rounded to what its currency shows.
func worthText(exact, currency string) string {
	amount, err := decimal.NewFromString(exact)
	if err != nil {
		return "–"
	}
	return moneyText(amount.Round(money.Currency(currency).Exponent()), currency)
}

// plainText is worthText without the currency, for tables that have a column for it.
func plainText(exact, currency string) string {
	return strings.TrimPrefix(worthText(exact, currency), currency+" ")
}

// cameFrom is the source of a record in words.
func cameFrom(s rows.TimeSource) string {
	switch s.Kind {
	case books.FromTimer:
		return "The timer"
	case "import":
		return fmt.Sprintf("Imported from %s, row %d (%s)", s.System, s.Row, s.Key)
	case "":
		return "A correction"
	}
	return "Entered by hand"
}

// rounded says how the raw time became what is billed.
func (v timeView) rounded() string {
	if v.Status != rows.TimeApproved {
		return ""
	}
	text := rawHours(v.Seconds) + " of work count as " + hoursText(v.BilledMinutes) + ", rounded once for the whole record"
	if len(v.Parts) > 1 {
		text += " and shared over its parts by their length"
	}
	text += "."
	if v.DrawnMinutes != 0 {
		text += " They take " + hoursText(v.DrawnMinutes) + " from bought hours."
	}
	return text
}

// verdictOf is how a forecast turned out, in words.
func verdictOf(t rows.Told) (page.Tone, string) {
	switch {
	case !t.Scored && forecast.Verdict(t.Verdict) == forecast.NotEnoughData:
		return page.Neutral, "No answer was given"
	case !t.Scored:
		return page.Neutral, "Not known yet"
	case t.Within:
		return page.Good, "Within the band"
	}
	return page.Danger, "Outside the band"
}

// off is by how much a forecast missed the day.
func off(t rows.Told) string {
	switch {
	case t.UsedUp == "":
		return "–"
	case t.Date == "" || t.OffBusinessDays == 0:
		return dayText(t.UsedUp)
	case t.OffBusinessDays < 0:
		return fmt.Sprintf("%s, %d business days earlier", dayText(t.UsedUp), -t.OffBusinessDays)
	}
	return fmt.Sprintf("%s, %d business days later", dayText(t.UsedUp), t.OffBusinessDays)
}

// held is how often the bands held, in words.
func held(c rows.Calibration) string {
	if c.Scored == 0 {
		return "None of these forecasts can be scored yet."
	}
	return fmt.Sprintf("%d of %d bands held (%d %%). A band is made to hold in 80 of 100 cases.", c.Within, c.Scored, c.Percent)
}

// totalText is the time in one state in words: "8 records, 31 h 30 min, counting as 32 h".
func totalText(t rows.TimeTotal) string {
	text := counted(int(t.Records), "record") + ", " + rawHours(t.Seconds)
	if t.Status == rows.TimeApproved {
		text += ", counting as " + hoursText(t.Billed)
	}
	return text
}

// canClose says why a period cannot be closed yet; empty when it can.
func (v periodView) canClose() string {
	var missing []string
	if !v.Over {
		missing = append(missing, "it is not over")
	}
	if len(v.Pending) > 0 {
		missing = append(missing, counted(len(v.Pending), "record")+" not approved")
	}
	if !v.Carried {
		missing = append(missing, "the month before is not closed, so that nobody knows what it left over")
	}
	return strings.Join(missing, ", and ")
}

// totalOf sums up the values of a period.
func totalOf(values []lineValueBody) string {
	total := decimal.Decimal{}
	for _, v := range values {
		if amount, err := decimal.NewFromString(v.Total); err == nil {
			total = total.Add(amount)
		}
	}
	return total.String()
}

// counted is a number of things in words: "1 draft", "3 drafts".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func weekTitle(v weekView) string {
	if v.Log {
		return "My week"
	}
	return "Time of " + v.Name
}

func timeTitle(v timeView) string {
	if v.Reverses != nil {
		return "Reversal of " + hoursText(-v.BilledMinutes)
	}
	return rawHours(v.Seconds) + " on " + dayText(v.Day)
}

// field fills in a field of the form.
func (v entryForm) field(name string, f page.Field) page.Field {
	f.Name, f.Value, f.Error = name, v.Form.Get(name), v.Form.Wrong(name)
	return f
}

// partColumns are the columns of the parts of a record; prices are not for everybody.
func partColumns(v timeView) []page.Column {
	columns := []page.Column{{Label: "Condition"}, {Label: "When"}, {Label: "Raw", Numeric: true}, {Label: "Counts", Numeric: true}, {Label: "Drawn", Numeric: true}}
	if v.Prices {
		if v.Rates {
			columns = append(columns, page.Column{Label: "Price"})
		}
		columns = append(columns, page.Column{Label: "Worth", Numeric: true})
	}
	return columns
}

// partSpan is when a part of a record was.
func partSpan(part partBody, where string) string {
	if part.From == nil || part.Until == nil {
		return "–"
	}
	return inZone(*part.From, where).Format("2 Jan, 15:04") + "–" + inZone(*part.Until, where).Format("15:04 MST")
}

// approvalLabel names a record for whoever cannot see its row.
func approvalLabel(v approvalsView, item waitingTime) string {
	who := ""
	if item.Person != nil {
		who = nameOf(v.Names, item.Person.String()) + ", "
	}
	return who + dayText(item.Day) + ", " + span(item.TimeRecord)
}

func requestTone(status string) page.Tone {
	switch status {
	case rows.OverageAllowed:
		return page.Good
	case rows.OverageRefused:
		return page.Danger
	}
	return page.Attention
}

// chargedBy names the invoice that charges a record.
func chargedBy(charge rows.ChargedTime) string {
	if charge.Number == "" {
		return "A draft"
	}
	return charge.Number
}

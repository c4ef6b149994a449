package console

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"effigate/domain/contract"
	"effigate/domain/forecast"
	"effigate/domain/terms"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// hoursText is a number of minutes in words: "63 h", "1 h 20 min", "−45 min".
func hoursText(minutes int64) string {
	switch {
	case minutes < 0:
		return "−" + hoursText(-minutes)
	case minutes%60 == 0:
		return strconv.FormatInt(minutes/60, 10) + " h"
	case minutes < 60:
		return strconv.FormatInt(minutes, 10) + " min"
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}

// meter is the bar of hours used; waiting is what nobody has approved yet.
func meter(used, of, waiting int64) page.MeterProps {
	m := page.MeterProps{Used: used, Of: of, Waiting: waiting, Label: hoursText(used) + " of " + hoursText(of) + " used"}
	if waiting > 0 {
		m.Label += ", " + hoursText(waiting) + " not approved yet"
	}
	switch {
	case of <= 0 && used <= 0:
		m.Label = "No bought hours"
		if waiting > 0 {
			m.Label += ", " + hoursText(waiting) + " not approved yet"
		}
	case used >= of:
		m.Tone = page.Danger
	case used*4 >= of*3:
		m.Tone = page.Attention
	}
	return m
}

// left is what is left of hours, and what went beyond.
func left(h rows.LineHours) string {
	if h.Over > 0 {
		return "Nothing left; " + hoursText(h.Over) + " beyond"
	}
	return hoursText(h.Remaining) + " left"
}

// remaining is what is left on all lines.
func (v contractView) remaining() (left, over int64) {
	for _, line := range v.Lines {
		left, over = left+line.Remaining, over+line.Over
	}
	return left, over
}

// foretold is a forecast in words.
func foretold(f *rows.Forecast) string {
	if f == nil {
		return "Not made yet"
	}
	switch forecast.Verdict(f.Verdict) {
	case forecast.Empties:
		if f.Latest == "" {
			return "Used up about " + dayText(f.Date) + " (" + dayText(f.Earliest) + " at the earliest; perhaps not before the contract ends)"
		}
		return "Used up about " + dayText(f.Date) + " (between " + dayText(f.Earliest) + " and " + dayText(f.Latest) + ")"
	case forecast.NotBeforeEnd:
		return "Not used up before the contract ends"
	case forecast.NotEnoughData:
		return "Not enough data"
	case forecast.Empty:
		return "Used up"
	}
	return f.Verdict
}

// burn is what a business day takes, in words: "1 h 30 min a business day".
func burn(f *rows.Forecast) string {
	return hoursText((f.RateMilliminutes+500)/1000) + " a business day"
}

// typeName is the type of a contract or line in words.
func typeName(kind string) string {
	if terms.Type(kind) == terms.Bucket {
		return "Bucket of hours"
	}
	return label(kind)
}

// contractTone is the tone of the state of a contract.
func contractTone(status string) page.Tone {
	switch contract.Status(status) {
	case contract.StatusActive:
		return page.Good
	case contract.StatusDraft, contract.StatusInReview, contract.StatusOffered, contract.StatusAccepted, contract.StatusSuspended:
		return page.Attention
	case contract.StatusExpired, contract.StatusTerminated:
	}
	return page.Neutral
}

// amendmentTone is the tone of the state of an amendment.
func amendmentTone(status string) page.Tone {
	switch contract.AmendmentStatus(status) {
	case contract.AmendmentInForce:
		return page.Good
	case contract.AmendmentInReview, contract.AmendmentReady, contract.AmendmentOut:
		return page.Attention
	case contract.AmendmentNo, contract.AmendmentRefused, contract.AmendmentBack, contract.AmendmentOvertook:
	}
	return page.Neutral
}

// nextDate is the next day on which something about the end of a contract is due.
func nextDate(s rows.Scope) string {
	switch {
	case s.Ends == "":
		return "–"
	case s.RenewMonths > 0 && s.Notice != "":
		return "Notice by " + dayText(s.Notice) + ", renews after " + dayText(s.Ends)
	case s.RenewMonths > 0:
		return "Renews after " + dayText(s.Ends)
	}
	return "Ends " + dayText(s.Ends)
}

// renewal is how a contract renews itself.
func renewal(s rows.Scope) string {
	switch s.RenewMonths {
	case 0:
		return "Ends unless somebody renews it"
	case 1:
		return "By a month, by itself"
	}
	return "By " + strconv.Itoa(s.RenewMonths) + " months, by itself"
}

// offerText is what a client may be asked to agree to, for somebody to write on.
func offerText(s rows.Scope) string {
	until := "without an end"
	if s.Ends != "" {
		until = "to " + dayText(s.Ends)
	}
	return fmt.Sprintf("We agree to contract %s from %s %s, with the scope and the dates shown here.", s.Reference, dayText(s.Starts), until)
}

// stepName is a step of a contract in words: "Amendment proposed".
func stepName(what string) string { return upper(strings.ReplaceAll(what, "_", " ")) }

// sourceNames say why hours were granted.
var sourceNames = map[string]string{
	string(contract.FromStart): "With the contract", string(contract.FromPurchase): "Bought", string(contract.FromTopUp): "Topped up", string(contract.FromRenewal): "With a renewal",
}

func stateOptions(chosen string) []page.Option {
	options := []page.Option{{Label: "Any"}}
	for _, status := range contractStates {
		options = append(options, page.Option{Value: string(status), Label: label(string(status)), Selected: string(status) == chosen})
	}
	return options
}

func versionOptions(versions []TermsVersion, chosen int) []page.Option {
	var options []page.Option
	for _, version := range versions {
		number := strconv.Itoa(version.Number)
		options = append(options, page.Option{Value: number, Label: "Version " + number + ", from " + dayText(version.Effective), Selected: version.Number == chosen})
	}
	return options
}

// options are the choices of a field of terms, in pairs of value and label.
func options(chosen string, pairs ...string) []page.Option {
	var all []page.Option
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, page.Option{Value: pairs[i], Label: pairs[i+1], Selected: pairs[i] == chosen})
	}
	return all
}

// selected marks the option that has a value.
func selected(all []page.Option, value string) []page.Option {
	for i := range all {
		all[i].Selected = all[i].Value == value
	}
	return all
}

// nameRefs puts names for the ids of rate cards, policies and calendars in differences.
func nameRefs(ctx context.Context, tx pgx.Tx, differences []differenceBody) error {
	for i, d := range differences {
		if d.Field != "rate_card" && d.Field != "sla_policy" && d.Field != "calendar" {
			continue
		}
		found, err := rows.Choices(ctx, tx, d.Field)
		if err != nil {
			return err
		}
		var pairs []string
		for _, choice := range found {
			pairs = append(pairs, choice.ID.String(), choice.Name)
		}
		names := strings.NewReplacer(pairs...)
		differences[i].Before, differences[i].After = names.Replace(d.Before), names.Replace(d.After)
	}
	return nil
}

// field fills in a field of the form.
func (v termsView) field(name string, f page.Field) page.Field {
	f.Name, f.Value, f.Error = name, v.Form.Get(name), v.Form.Wrong(name)
	return f
}

// line fills in a field of the line of a number.
func (v termsView) line(n int, name string, f page.Field) page.Field {
	return v.field(lineField(n, name), f)
}

// box fills in a box to tick.
func (v termsView) box(name, text string) page.Field {
	f := v.field(name, page.Field{Label: text, Required: true, Checked: v.Form.Get(name) != ""})
	f.Value = ""
	return f
}

// amendmentSuffix is the path of an act on an amendment below that of its contract.
func amendmentSuffix(a contractAct, amendment string) string {
	return strings.Replace(a.suffix, "{aid}", amendment, 1)
}

package console

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"effigate/domain"
)

// The bounds of an import of people.
const (
	maxRosterRows  = 5_000
	maxRosterBytes = 2<<20 - 64<<10 // a form of 2 MiB holds it beside its other fields
	maxRosterField = 320            // characters: no address is longer
)

// rosterColumns are what the first line of a roster must name, in any order.
var rosterColumns = []string{"name", "email", "role", "client"}

// rosterRow is one person of a roster as it was typed, and what is wrong with that.
type rosterRow struct {
	Line   int // of the file, from 1
	Name   string
	Email  string
	Role   string
	Client string // the id or the name of the organisation; empty for staff
	Wrong  string // why the row cannot be taken; empty when it can

	organisation domain.ClientID // that Client stands for
}

// role is the role as the domain has it: "Client Admin" and "client_admin" are the same.
func (r rosterRow) role() domain.Role {
	return domain.Role(strings.ReplaceAll(strings.ToLower(r.Role), " ", "_"))
}

// parseRoster reads the people of a CSV file. A file that is none is domain.ErrInvalid on the field csv;
// what is wrong with single rows is noted in them.
func parseRoster(text string) ([]rosterRow, error) {
	switch {
	case len(text) > maxRosterBytes:
		return nil, wrongField("csv", fmt.Sprintf("must have at most %d bytes", maxRosterBytes))
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return nil, wrongField("csv", "must be UTF-8 text")
	}
	lines := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))) // Spreadsheets begin a file with that mark.
	lines.TrimLeadingSpace = true
	head, err := lines.Read()
	if err != nil {
		return nil, wrongField("csv", "must begin with a line that names the columns "+strings.Join(rosterColumns, ", "))
	}
	at := map[string]int{}
	for i, name := range head {
		at[strings.ToLower(strings.TrimSpace(name))] = i
	}
	for _, name := range rosterColumns {
		if _, ok := at[name]; !ok || len(head) != len(rosterColumns) {
			return nil, wrongField("csv", "must have exactly the columns "+strings.Join(rosterColumns, ", "))
		}
	}
	var roster []rosterRow
	seen := map[string]int{}
	for {
		fields, err := lines.Read()
		switch {
		case errors.Is(err, io.EOF) && len(roster) == 0:
			return nil, wrongField("csv", "must have a line for somebody")
		case errors.Is(err, io.EOF):
			return roster, nil
		case err != nil:
			return nil, wrongField("csv", brokenLine(err))
		case len(roster) == maxRosterRows:
			return nil, wrongField("csv", fmt.Sprintf("must have at most %d people", maxRosterRows))
		}
		row := rosterRow{
			Name: strings.TrimSpace(fields[at["name"]]), Email: strings.TrimSpace(fields[at["email"]]),
			Role: strings.TrimSpace(fields[at["role"]]), Client: strings.TrimSpace(fields[at["client"]]),
		}
		row.Line, _ = lines.FieldPos(0)
		row.Wrong = row.fault()
		if key := strings.ToLower(row.Email); row.Wrong == "" && seen[key] != 0 {
			row.Wrong = fmt.Sprintf("the address is in line %d already", seen[key])
		} else if row.Wrong == "" {
			seen[key] = row.Line
		}
		roster = append(roster, row)
	}
}

// fault says what is wrong with a row on its own.
func (r rosterRow) fault() string {
	for _, text := range []string{r.Name, r.Email, r.Role, r.Client} {
		if utf8.RuneCountInString(text) > maxRosterField {
			return fmt.Sprintf("a field has more than %d characters", maxRosterField)
		}
	}
	var check domain.Check
	check.Line("name", r.Name)
	if refusal, ok := errors.AsType[*domain.Refusal](check.Err()); ok {
		return "the name " + refusal.Fields["name"]
	}
	switch side := r.role().Side(); {
	case !isAddress(r.Email):
		return "the e-mail is no address"
	case side == "":
		return "there is no such role"
	case side == domain.ClientSide && r.Client == "":
		return "a role of a client needs the client's name or id"
	case side == domain.StaffSide && r.Client != "":
		return "a role of staff belongs to no client"
	}
	return ""
}

// isAddress reports whether a text is one plain address: no name, no brackets.
func isAddress(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text && !strings.ContainsAny(text, "\"<> ")
}

// brokenLine says where a file is no CSV, without quoting it.
func brokenLine(err error) string {
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Sprintf("cannot be read in line %d: %v", broken.Line, broken.Err)
	}
	return "cannot be read"
}

// unformula takes from a text what a spreadsheet would compute: it begins with an apostrophe then, which
// spreadsheets do not show.
func unformula(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(text[0])) {
		return "'" + text
	}
	return text
}

// writeCSV writes lines that a spreadsheet can open without harm.
func writeCSV(w io.Writer, lines ...[]string) error {
	to := csv.NewWriter(w)
	for _, line := range lines {
		safe := slices.Clone(line)
		for i, text := range safe {
			safe[i] = unformula(text)
		}
		if err := to.Write(safe); err != nil {
			return fmt.Errorf("write a line of CSV: %w", err)
		}
	}
	to.Flush()
	if err := to.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

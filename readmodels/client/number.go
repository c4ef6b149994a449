package client

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// beingAssigned stands where a ticket's number will be: it is given a moment after the ticket is raised.
const beingAssigned = "being assigned"

// ticketNumber writes a number as TKT-0041 (X4).
func ticketNumber(number int) string {
	if number == 0 {
		return beingAssigned
	}
	return fmt.Sprintf("TKT-%04d", number)
}

// ParseTicketNumber reads a ticket's number as people type it: case, dashes, spaces and leading zeros do
// not matter, and "TKT" may be left out (X4). It reports whether the text is a number at all.
func ParseTicketNumber(text string) (number int, ok bool) {
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
	digits := strings.TrimPrefix(bare, "tkt")
	for _, r := range digits {
		if r < '0' || r > '9' {
			return 0, false
		}
	}
	number, err := strconv.Atoi(digits)
	return number, err == nil && number > 0
}

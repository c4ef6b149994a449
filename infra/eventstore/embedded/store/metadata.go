package store

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"time"
)

// metadataPrefix in front of a stream's name gives the stream of its metadata.
const metadataPrefix = "$$"

func metadataStream(stream string) string { return metadataPrefix + stream }

// describedStream returns the stream that a metadata stream belongs to.
func describedStream(stream string) (string, bool) { return strings.CutPrefix(stream, metadataPrefix) }

// softDeleted is the truncation that hides a whole stream until its next event.
const softDeleted = math.MaxInt64

// streamMetadata is the part of a stream's metadata that decides what of it can be read. The zero value hides nothing.
type streamMetadata struct {
	before   int64         // events below are hidden
	maxCount int64         // how many of the newest are shown; zero means all
	maxAge   time.Duration // older ones are hidden; zero means never
}

func (m streamMetadata) deleted() bool { return m.before == softDeleted }

// effectiveMetadata reads the newest event of a metadata stream. What is not valid in whole has no effect at all: a
// limit that is half understood would hide the wrong events.
func effectiveMetadata(e Event) streamMetadata {
	if !e.JSON {
		return streamMetadata{}
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(e.Data, &fields) != nil {
		return streamMetadata{}
	}
	var m streamMetadata
	for name, raw := range fields {
		valid := true
		var number int64
		switch name {
		case "$maxCount":
			if number, valid = integer(raw); number > 0 {
				m.maxCount = number
			}
		case "$maxAge":
			if number, valid = integer(raw); number > 0 {
				m.maxAge = time.Duration(min(number, math.MaxInt64/int64(time.Second))) * time.Second
			}
		case "$tb":
			if number, valid = integer(raw); number > 0 {
				m.before = number
			}
		case "$cacheControl":
			_, valid = integer(raw)
		case "$tmp":
			valid = isOneOf(raw, "true", "false")
		case "$acl":
			valid = validRights(raw)
		}
		if !valid {
			return streamMetadata{}
		}
	}
	return m
}

func integer(raw json.RawMessage) (int64, bool) {
	var number int64
	err := json.Unmarshal(raw, &number)
	return number, err == nil && !isOneOf(raw, "null")
}

func isOneOf(raw json.RawMessage, literals ...string) bool {
	for _, literal := range literals {
		if string(bytes.TrimSpace(raw)) == literal {
			return true
		}
	}
	return false
}

// validRights says whether an $acl names only known rights, each granted to one role or a list of roles.
func validRights(raw json.RawMessage) bool {
	var rights map[string]json.RawMessage
	if json.Unmarshal(raw, &rights) != nil || rights == nil {
		return false
	}
	for name, roles := range rights {
		switch name {
		case "$r", "$w", "$d", "$mr", "$mw":
		default:
			return false
		}
		var one string
		var many []string
		known := json.Unmarshal(roles, &one) == nil || json.Unmarshal(roles, &many) == nil
		if !known || isOneOf(roles, "null") {
			return false
		}
	}
	return true
}

// truncatedAt returns metadata with its truncation replaced and every other key kept; ok is false where the given data
// is no JSON object, which is then left alone.
func truncatedAt(data []byte, before int64) (changed []byte, ok bool) {
	fields := map[string]json.RawMessage{}
	if len(data) > 0 && (json.Unmarshal(data, &fields) != nil || fields == nil) {
		return nil, false
	}
	number, err := json.Marshal(before)
	if err != nil {
		return nil, false
	}
	fields["$tb"] = number
	changed, err = json.Marshal(fields)
	return changed, err == nil
}

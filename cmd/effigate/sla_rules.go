package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
	"effigate/domain/terms"
	"effigate/domain/workcalendar"
)

// promise is what holds instead, as far as it is asked for.
func (r rules) promise(ctx context.Context, log commands.Log, level string) (sla.Promise, error) {
	p := sla.Promise{Source: sla.FromFirm, SupportLevel: level, Hours: calendar.Calendar{Zone: "UTC", Always: true}}
	switch terms.SupportLevel(level) {
	case terms.Standard, terms.Priority, terms.Always:
	default:
		return p, usageError{fmt.Errorf("--support-level %q is none of standard, priority and 24x7", level)}
	}
	if r.policy == "" && r.calendar != "" {
		return p, usageError{errors.New("--calendar needs --policy: a calendar alone promises nothing")}
	}
	if r.policy != "" {
		content, ref, err := chosen(ctx, log, r.policy, slapolicy.Decider, "slapolicy-", func(s slapolicy.State, number int) (sla.Policy, int, bool) {
			version, ok := s.Numbered(cmp.Or(number, s.Newest()))
			return version.Terms.Policy, version.Number, ok
		})
		if err == nil {
			err = sound(content.Check())
		}
		if err != nil {
			return p, fmt.Errorf("--policy %s: %w", r.policy, err)
		}
		p.Content, p.Policy = content, ref
	}
	if r.calendar != "" {
		content, ref, err := chosen(ctx, log, r.calendar, workcalendar.Decider, "calendar-", func(s workcalendar.State, number int) (calendar.Calendar, int, bool) {
			version, ok := s.Numbered(cmp.Or(number, s.Newest()))
			return version.Calendar, version.Number, ok
		})
		if err == nil {
			err = sound(content.Check())
		}
		if err != nil {
			return p, fmt.Errorf("--calendar %s: %w", r.calendar, err)
		}
		p.Hours, p.Calendar = content, ref
	}
	return p, nil
}

func sound(wrong map[string]string) error {
	for field, problem := range wrong {
		return usageError{fmt.Errorf("%s %s", field, problem)}
	}
	return nil
}

// maxRules bounds the file of a policy or calendar, in bytes.
const maxRules = 1 << 20

// chosen reads the content of a published policy or calendar, or of a file.
func chosen[S, C any, E domain.Event, T any](
	ctx context.Context, log commands.Log, name string, decider domain.Decider[S, C, E], prefix string, version func(S, int) (T, int, bool),
) (T, sla.Ref, error) {
	var content T
	text, number, numbered := strings.Cut(name, "@")
	id, err := uuid.Parse(text)
	if err != nil {
		return content, sla.Ref{}, readRules(name, &content)
	}
	wanted := 0
	if numbered {
		if wanted, err = strconv.Atoi(number); err != nil || wanted < 1 {
			return content, sla.Ref{}, usageError{fmt.Errorf("%q is no version", number)}
		}
	}
	state, err := foldOf(ctx, log, decider, prefix+id.String())
	if err != nil {
		return content, sla.Ref{}, err
	}
	content, found, ok := version(state, wanted)
	if !ok {
		return content, sla.Ref{}, domain.Refuse(domain.ErrNotFound, "no_such_version", "it was never published")
	}
	return content, sla.Ref{ID: id, Version: found}, nil
}

func readRules(path string, into any) error {
	file, err := os.Open(path)
	if err != nil {
		return usageError{fmt.Errorf("it is neither an id nor a file that can be read: %w", err)}
	}
	defer file.Close() //nolint:errcheck // it was only read
	decoder := json.NewDecoder(io.LimitReader(file, maxRules))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return usageError{fmt.Errorf("the file does not hold its content as JSON: %w", err)}
	}
	return nil
}

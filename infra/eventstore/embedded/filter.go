package embedded

import (
	"regexp"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"effigate/infra/eventstore/embedded/store"
)

// defaultWindow is how many events a checkpoint interval is a multiple of where the client sets no window.
const defaultWindow = 32

// eventFilter selects events by their type or the name of their stream. Nil lets everything pass.
type eventFilter struct {
	byStream bool
	prefixes []string
	pattern  *regexp.Regexp
	every    uint64 // events between checkpoints
}

// parseFilter returns nil for no filter. Patterns are RE2: look-around and back-references, which the real server knows,
// are refused.
func parseFilter(options *streams.ReadReq_Options) (*eventFilter, error) {
	switch options.GetFilterOption().(type) {
	case *streams.ReadReq_Options_NoFilter:
		return nil, nil //nolint:nilnil // no filter, as documented
	case *streams.ReadReq_Options_Filter:
	default:
		return nil, invalid("filter_option is missing")
	}
	given := options.GetFilter()
	f := &eventFilter{every: defaultWindow}
	expression := given.GetEventType()
	if given.GetStreamIdentifier() != nil {
		f.byStream, expression = true, given.GetStreamIdentifier()
	}
	f.prefixes = expression.GetPrefix()
	if (expression.GetRegex() == "") == (len(f.prefixes) == 0) {
		return nil, invalid("a filter needs either a pattern or prefixes")
	}
	if expression.GetRegex() != "" {
		var err error
		if f.pattern, err = regexp.Compile(expression.GetRegex()); err != nil {
			return nil, invalid("filter pattern: %v", err)
		}
	}
	switch window := given.GetWindow().(type) {
	case *streams.ReadReq_Options_FilterOptions_Max:
		if window.Max == 0 {
			return nil, invalid("the search window must be positive")
		}
		f.every = uint64(window.Max)
	case *streams.ReadReq_Options_FilterOptions_Count:
	default:
		return nil, invalid("the search window is missing")
	}
	if given.GetCheckpointIntervalMultiplier() == 0 {
		return nil, invalid("checkpointIntervalMultiplier must be positive")
	}
	f.every *= uint64(given.GetCheckpointIntervalMultiplier())
	return f, nil
}

// interval is the number of considered events between two checkpoints, zero without a filter.
func (f *eventFilter) interval() uint64 {
	if f == nil {
		return 0
	}
	return f.every
}

func (f *eventFilter) passes(e store.Event) bool {
	if f == nil {
		return true
	}
	subject := e.Type
	if f.byStream {
		subject = e.Stream
	}
	if f.pattern != nil {
		return f.pattern.MatchString(subject)
	}
	return slices.ContainsFunc(f.prefixes, func(prefix string) bool { return strings.HasPrefix(subject, prefix) })
}

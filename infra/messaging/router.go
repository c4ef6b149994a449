package messaging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"effigate/domain"
	"effigate/projections"
)

// Manager is a process manager: it reacts to facts with commands. It may be told a fact more than once,
// and its commands carry ids derived from the fact, so that they act once.
type Manager struct {
	// Lane names the manager's place in the log. Renaming it starts it from the beginning.
	Lane string
	// Kinds lists the stored names of the events it reacts to, each of them in every version: an older one
	// is upcast, and before a newer one than this code knows the lane waits. A kind that is added here is
	// seen from the lane's place on.
	Kinds []string
	// React sends the commands. An error makes the message come again.
	React func(ctx context.Context, fact domain.Recorded) error
}

// Bounds of the router.
const (
	reactionTime   = 30 * time.Second // of one reaction, which then fails
	routerShutdown = 20 * time.Second
	quietTries     = 12 // in half a minute or so; a read model that is being made is ready by then
)

// NewRouter makes the router that runs the managers, each on its own lane. Its Run method blocks until its
// context ends or Close is called; either ends the reactions under way and waits for them. Run fails when
// a lane's place belongs to another event store.
//
// No poison queue here: putting a fact aside would let later facts of the same stream pass it. A manager
// that cannot go on holds up its own lane, loudly.
func NewRouter(source projections.Source, lanes Lanes, logger *slog.Logger, managers ...Manager) (*message.Router, error) {
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: routerShutdown}, watermill.NewSlogLogger(logger))
	if err != nil {
		return nil, fmt.Errorf("make the router: %w", err)
	}
	// A lane itself repeats what failed, with pauses that grow; a retry of that in here would only hide it.
	router.AddMiddleware(middleware.Recoverer)
	for _, m := range managers {
		router.AddConsumerHandler(m.Lane, m.Lane, NewSubscriber(source, lanes, m.wants, logger), handler{m, logger}.handle)
	}
	return router, nil
}

// wants reports whether an event is of one of the manager's kinds, in whatever version.
func (m Manager) wants(_ string, r domain.Recorded) bool {
	return slices.ContainsFunc(m.Kinds, func(kind string) bool { return unversioned(kind) == unversioned(r.Raw.Kind) })
}

// unversioned gives "ticket.raised" for "ticket.raised.v1".
func unversioned(kind string) string {
	return strings.TrimSuffix(strings.TrimRight(kind, "0123456789"), ".v")
}

// handler is a manager at work.
type handler struct {
	Manager

	logger *slog.Logger
}

// handle reacts to a message. What is unavailable is no failure, as the read model of a process that has just begun: it
// is waited for, and named from time to time while it stays away.
func (h handler) handle(msg *message.Message) error {
	fact, ok := Recorded(msg)
	if !ok {
		return fmt.Errorf("message %s carries no event", msg.UUID)
	}
	ctx := msg.Context()
	for try := 1; ; try++ {
		err := h.react(ctx, fact)
		if !errors.Is(err, domain.ErrUnavailable) {
			return err
		}
		if try%quietTries == 0 {
			h.logger.WarnContext(ctx, "lane waits", slog.String("lane", h.Lane), slog.Any("error", err))
		}
		if pause(ctx, try); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// react lets the manager react once, in a time that is bounded.
func (m Manager) react(ctx context.Context, fact domain.Recorded) error {
	ctx, cancel := context.WithTimeout(ctx, reactionTime)
	defer cancel()
	if err := m.React(ctx, fact); err != nil {
		return fmt.Errorf("%s reacts to %s revision %d: %w", m.Lane, fact.Stream, fact.Revision, err)
	}
	return nil
}

package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"effigate/domain"
	"effigate/infra/messaging"
	toy "effigate/projections/projectionstest"
)

// lines counts what is logged at a level or above.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// When a process began, the lane of notices logged an error, since the read model it asks was not ready yet. A lane waits
// for what is unavailable, and says so only when that takes long.
func TestALaneWaitsQuietly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fault error
		wait  time.Duration
		want  string // of the log; nothing is logged when empty
	}{
		{"the read model is being made", domain.ErrUnavailable, 10 * time.Second, ""},
		{"it stays away", domain.ErrUnavailable, 2 * time.Minute, `level=WARN msg="lane waits" lane=lane`},
		{"a fault of ours", errors.New("no such table"), time.Second, "level=ERROR"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log := toy.NewLog()
				log.Append(toy.ToyStream(1), toy.Opened{ID: toy.ToyID(1)}, toy.Named{Name: "bear"})
				var logged lines
				began, reacted := time.Now(), make(chan struct{}) //nolint:forbidigo // the clock of the bubble
				manager := messaging.Manager{
					Lane: "lane", Kinds: []string{toy.Named{}.Kind()},
					React: func(context.Context, domain.Recorded) error {
						if time.Since(began) < test.wait {
							return fmt.Errorf("%w: not ready", test.fault)
						}
						close(reacted)
						return nil
					},
				}
				logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelWarn}))
				router, err := messaging.NewRouter(log, &memory{}, logger, manager)
				if err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- router.Run(ctx) }()
				<-reacted
				synctest.Wait()
				said := logged.said()
				if !strings.Contains(said, test.want) || test.want == "" && said != "" {
					t.Errorf("logged %q, want %q", said, test.want)
				}
				if test.fault == domain.ErrUnavailable && strings.Contains(said, "ERROR") { //nolint:errorlint // The table's own value.
					t.Errorf("an error is logged for what is waited for: %q", said)
				}
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A lane that waits ends with its process, without a word.
func TestALaneThatWaitsEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := toy.NewLog()
		log.Append(toy.ToyStream(1), toy.Opened{ID: toy.ToyID(1)}, toy.Named{Name: "bear"})
		var logged lines
		asked := make(chan struct{}, 1)
		router, err := messaging.NewRouter(log, &memory{}, slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelWarn})), messaging.Manager{
			Lane: "lane", Kinds: []string{toy.Named{}.Kind()},
			React: func(context.Context, domain.Recorded) error {
				select {
				case asked <- struct{}{}:
				default:
				}
				return domain.ErrUnavailable
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- router.Run(ctx) }()
		<-asked
		synctest.Wait()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if said := logged.said(); strings.Contains(said, "ERROR") {
			t.Errorf("logged %q", said)
		}
	})
}

package private

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
)

const (
	lineLimit = 4096 // Bytes; the rest of a longer line is dropped.
	lineCount = 10   // Lines kept to explain an end.
)

// refusal is what the server says to each connection while it starts, recovers or stops, which others tell of already.
var refusal = regexp.MustCompile(`the database system is |terminating connection due to administrator command`)

// serverLog passes the server's lines to a logger, keeps the last few, and notices when it is ready.
type serverLog struct {
	logger *slog.Logger
	ready  chan struct{} // Closed by the line that says so.

	mu      sync.Mutex
	partial []byte
	recent  []string
	started bool
}

func newServerLog(logger *slog.Logger) *serverLog {
	return &serverLog{logger: logger, ready: make(chan struct{})}
}

// Write never fails: a server must not be stopped by its log.
func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for part := range bytes.Lines(p) {
		rest, ended := bytes.CutSuffix(part, []byte("\n"))
		l.partial = append(l.partial, rest[:min(len(rest), lineLimit-len(l.partial))]...)
		if ended {
			l.line(string(l.partial))
			l.partial = l.partial[:0]
		}
	}
	return len(p), nil
}

func (l *serverLog) line(line string) {
	l.recent = append(l.recent, line)
	l.recent = l.recent[max(0, len(l.recent)-lineCount):]
	level := slog.LevelDebug
	if strings.HasPrefix(line, "PANIC:") || strings.HasPrefix(line, "FATAL:") && !refusal.MatchString(line) {
		level = slog.LevelWarn
	}
	l.logger.Log(context.Background(), level, "postgres", slog.String("line", line))
	if !l.started && strings.Contains(line, "database system is ready to accept connections") {
		l.started = true
		close(l.ready)
	}
}

func (l *serverLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.recent, "; ")
}

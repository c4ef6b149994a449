package main

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
)

// meter shows how far a long command is: a bar on a terminal, else a line now and then, or nothing.
type meter struct {
	out      io.Writer
	quiet    bool
	terminal bool
}

func newMeter(out io.Writer, quiet, terminal bool) *meter {
	return &meter{out: out, quiet: quiet, terminal: terminal}
}

// lineInterval is how often a task says how far it is where there is no terminal.
const lineInterval = 5 * time.Second

// task is one step that takes a while. It is shown until end.
type task struct {
	name    string
	total   int64
	done    atomic.Int64
	tracker *progress.Tracker // nil without a terminal
	ended   chan struct{}
	showing sync.WaitGroup
}

// begin shows a task of so many units, one task at a time.
func (m *meter) begin(name string, total int64) *task {
	t := &task{name: name, total: total, ended: make(chan struct{})}
	switch {
	case m.quiet:
	case m.terminal:
		t.tracker = &progress.Tracker{Message: name, Total: total, AutoStopDisabled: true}
		bars := progress.NewWriter()
		bars.SetOutputWriter(m.out)
		bars.SetAutoStop(true) // Render returns once the tracker is done, also when that was before it began.
		bars.AppendTracker(t.tracker)
		t.showing.Go(bars.Render)
	default:
		t.showing.Go(func() { t.lines(m.out) })
	}
	return t
}

// add says that so many more units are done.
func (t *task) add(n int) {
	t.done.Add(int64(n))
	if t.tracker != nil {
		t.tracker.Increment(int64(n))
	}
}

// end shows the task for the last time.
func (t *task) end() {
	close(t.ended)
	if t.tracker != nil {
		if t.done.Load() < t.total {
			t.tracker.MarkAsErrored()
		} else {
			t.tracker.MarkAsDone()
		}
	}
	t.showing.Wait()
}

func (t *task) lines(out io.Writer) {
	ticker := time.NewTicker(lineInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			t.line(out)
		case <-t.ended:
			t.line(out)
			return
		}
	}
}

// line tells how far the task is. Progress that cannot be written is no reason to stop the work.
func (t *task) line(out io.Writer) {
	_, _ = fmt.Fprintf(out, "%s: %d of %d\n", t.name, t.done.Load(), t.total)
}

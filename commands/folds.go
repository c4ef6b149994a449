package commands

import (
	"container/list"
	"sync"

	"effigate/domain"
)

// maxFolded bounds how many bytes of events are kept folded; a state is about as large as the events it came from. The
// stream used last is kept whatever its length.
const maxFolded = 64 << 20

// folds is a log that remembers the states of long streams: periods, series and invoices grow with a client's work, and
// every command on them would read all that came before. A state is never changed, only followed by another, so
// that many may hold it. The tail is always read.
type folds struct {
	Log

	mu       sync.Mutex
	byStream map[string]*list.Element
	recent   *list.List // of *folded, used last first
	bytes    int        // of all of them
	most     int        // of them
}

// folded is a stream as far as it was read.
type folded struct {
	stream   string
	state    any // of the aggregate whose stream it is
	revision int64
	commands domain.Index[domain.Position] // where the last event of each stands
	bytes    int
}

// What a stream takes by itself, and an event beyond its data, for the command that made it.
const (
	streamOverhead = 2 << 10
	eventOverhead  = 128
)

// unread is a stream of which nothing is known.
func unread(stream string) folded {
	return folded{stream: stream, revision: domain.NoStream, bytes: streamOverhead}
}

func newFolds(log Log) *folds {
	return &folds{Log: log, byStream: map[string]*list.Element{}, recent: list.New(), most: maxFolded}
}

// get gives the stream as far as it is known, from its beginning where nothing is.
func (f *folds) get(stream string) folded {
	f.mu.Lock()
	defer f.mu.Unlock()
	element, known := f.byStream[stream]
	if !known {
		return unread(stream)
	}
	f.recent.MoveToFront(element)
	return *element.Value.(*folded) //nolint:forcetypeassert // the list holds nothing else
}

// put keeps what was read, unless another has read further meanwhile.
func (f *folds) put(read folded) {
	f.mu.Lock()
	defer f.mu.Unlock()
	element, known := f.byStream[read.stream]
	if known && element.Value.(*folded).revision >= read.revision { //nolint:forcetypeassert // the list holds nothing else
		return
	}
	f.drop(element)
	f.byStream[read.stream] = f.recent.PushFront(&read)
	for f.bytes += read.bytes; f.bytes > f.most && f.recent.Len() > 1; {
		f.drop(f.recent.Back())
	}
}

// forget lets the next reader read the stream from its beginning: should it not be what is remembered, as after a
// backup was restored.
func (f *folds) forget(stream string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(f.byStream[stream])
}

// drop takes an element out, if there is one; the caller holds the lock.
func (f *folds) drop(element *list.Element) {
	if element == nil {
		return
	}
	dropped := f.recent.Remove(element).(*folded) //nolint:forcetypeassert // the list holds nothing else
	delete(f.byStream, dropped.stream)
	f.bytes -= dropped.bytes
}

package commandstest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"effigate/commands"
	"effigate/domain"
)

// Answers is the table of stored answers in memory. It is safe for concurrent use.
type Answers struct {
	mu     sync.Mutex
	stored map[domain.CommandID][]byte
}

var _ commands.Answers = (*Answers)(nil)

// NewAnswers gives an empty table.
func NewAnswers() *Answers { return &Answers{stored: map[domain.CommandID][]byte{}} }

// Find gives the stored answer to a command; see commands.Answers.
func (a *Answers) Find(ctx context.Context, command domain.CommandID) (answer []byte, known bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	answer, known = a.stored[command]
	return slices.Clone(answer), known, nil
}

// Store keeps the first answer to a command; see commands.Answers.
func (a *Answers) Store(ctx context.Context, command domain.CommandID, answer []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.stored[command]; !known {
		a.stored[command] = slices.Clone(answer)
	}
	return nil
}

// Forget drops every answer: what a crash between append and answer leaves behind, or their age.
func (a *Answers) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.stored)
}

package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"effigate/domain"
)

// Answers keeps the answers to commands, as bytes that this package alone reads. Implementations bound
// them by age.
type Answers interface {
	// Find gives the stored answer to a command, and whether there is one.
	Find(ctx context.Context, command domain.CommandID) (answer []byte, known bool, err error)
	// Store keeps the first answer to a command; a second one changes nothing.
	Store(ctx context.Context, command domain.CommandID, answer []byte) error
}

// stored is the durable form of an answer: what was asked, and either an answer or a refusal.
type stored struct {
	Hash    string   `json:"hash"` // of route and body
	Answer  Answer   `json:"answer,omitzero"`
	Refused *refused `json:"refused,omitempty"`
}

// refused is the durable form of a refusal.
type refused struct {
	Kind   string            `json:"kind"`
	Code   string            `json:"code"`
	Text   string            `json:"text"`
	Fields map[string]string `json:"fields,omitempty"`
}

// finalKinds are the kinds of refusal that a repeat must get again. An unknown outcome is none of them.
var finalKinds = []error{domain.ErrInvalid, domain.ErrConflict, domain.ErrNotFound, domain.ErrForbidden}

// Final reports whether an error is a decision. A busy stream and an unreachable store are not: the same
// command may succeed a moment later.
func Final(err error) bool {
	refusal, ok := errors.AsType[*domain.Refusal](err)
	return ok && refusal.Code != codeBusy && slices.Contains(finalKinds, refusal.Kind)
}

// codeBusy marks the refusal of a command that lost against other writers too often.
const codeBusy = "busy"

func store(hash string, answer Answer, err error) ([]byte, error) {
	kept := stored{Hash: hash, Answer: answer}
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		kept.Refused = &refused{Kind: refusal.Kind.Error(), Code: refusal.Code, Text: refusal.Text, Fields: refusal.Fields}
	}
	return json.Marshal(kept)
}

// again answers a repeat.
func again(kept []byte, hash string) (Answer, error) {
	var s stored
	if err := json.Unmarshal(kept, &s); err != nil {
		return Answer{}, fmt.Errorf("decode a stored answer: %w", err)
	}
	if s.Hash != hash {
		return Answer{}, domain.Refuse(domain.ErrInvalid, "key_reused", "the idempotency key was used for another request; use a new key")
	}
	if s.Refused == nil {
		return s.Answer, nil
	}
	for _, kind := range finalKinds {
		if kind.Error() == s.Refused.Kind {
			return Answer{}, &domain.Refusal{Kind: kind, Code: s.Refused.Code, Text: s.Refused.Text, Fields: s.Refused.Fields}
		}
	}
	return Answer{}, fmt.Errorf("decode a stored answer: unknown kind of refusal %q", s.Refused.Kind)
}

package accounts

import (
	"context"
	"crypto/rand"
	"fmt"

	"effigate/domain"
)

const (
	purposeEvidenceKey = "evidence key"
	purposeEvidence    = "evidence"
	// maxEvidence bounds what is sealed at once, in bytes.
	maxEvidence = 4 << 10
)

// SealEvidence makes text that history may hold of a person's data for ever: once the person is erased, nobody
// can read it any more, while its bytes, and every hash over them, stay as they are. The key is the person's own
// and is made at the first call. At most 4 KiB are sealed. It is domain.ErrNotFound for whoever is unknown or
// erased.
func (s *Service) SealEvidence(ctx context.Context, person domain.PersonID, plain []byte) (string, error) {
	if len(plain) > maxEvidence {
		return "", fmt.Errorf("seal evidence: %d bytes, at most %d", len(plain), maxEvidence)
	}
	candidate := make([]byte, minKey)
	_, _ = rand.Read(candidate) // It never fails.
	sealed, err := value[*string](ctx, s, "find a key of evidence", `SELECT accounts.evidence_key($1, $2)`,
		person.UUID, s.box.seal(purposeEvidenceKey, person.UUID, candidate))
	if err != nil {
		return "", err
	}
	own, err := s.evidenceBox(person, sealed)
	if err != nil {
		return "", err
	}
	return own.seal(purposeEvidence, person.UUID, plain), nil
}

// UnsealEvidence reads what SealEvidence made for the person; domain.ErrNotFound once the person is erased. Owner only.
func (s *Service) UnsealEvidence(ctx context.Context, person domain.PersonID, sealed string) ([]byte, error) {
	key, err := value[*string](ctx, s, "find a key of evidence", `SELECT accounts.evidence_key_of($1)`, person.UUID)
	if err != nil {
		return nil, err
	}
	own, err := s.evidenceBox(person, key)
	if err != nil {
		return nil, err
	}
	plain, err := own.open(purposeEvidence, person.UUID, sealed)
	if err != nil {
		return nil, fmt.Errorf("open evidence of %s: %w", person, err)
	}
	return plain, nil
}

// evidenceBox opens a person's own key; nil is that of nobody.
func (s *Service) evidenceBox(person domain.PersonID, sealed *string) (*box, error) {
	if sealed == nil {
		return nil, refusal("unknown", person)
	}
	key, err := s.box.open(purposeEvidenceKey, person.UUID, *sealed)
	if err != nil {
		return nil, fmt.Errorf("open the key of evidence of %s: %w", person, err)
	}
	return newBox(key)
}

package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

const (
	// maxToken is the length of the longest token that is looked at, in bytes.
	maxToken = 1024
	// minKey is the least length of a sealing key, in bytes.
	minKey = 32
)

// ErrSeal says that a token was not sealed by this key, for this purpose and this client.
var ErrSeal = errors.New("not a token of ours")

// Sealer makes opaque tokens: log positions, stream ids and list cursors that a client carries back to
// us. A number among them would tell a client how much happens elsewhere.
//
// Sealing is deterministic, so that two equal answers are equal to the byte: the nonce is a keyed hash of
// everything sealed, and equal tokens say no more than that their contents are equal.
type Sealer struct {
	gcm    cipher.AEAD
	nonces []byte // key of the hash that yields nonces
}

// NewSealer takes the key, at least 32 random bytes that every portal process of a deployment shares.
// Tokens sealed under another key are refused.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) < minKey {
		return nil, fmt.Errorf("sealed tokens need a key of at least %d bytes, got %d", minKey, len(key))
	}
	derived, err := hkdf.Key(sha256.New, key, nil, "effigate sealed tokens v1", 64)
	if err != nil {
		return nil, fmt.Errorf("derive sealing keys: %w", err)
	}
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		return nil, fmt.Errorf("derive sealing keys: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("derive sealing keys: %w", err)
	}
	return &Sealer{gcm: gcm, nonces: derived[32:]}, nil
}

// Seal makes a token of URL-safe text. Open gives the plain bytes back for the same kind and client
// alone; kind names the purpose and holds no zero byte.
func (s *Sealer) Seal(kind string, client uuid.UUID, plain []byte) string {
	return s.SealOnce(kind, client, plain, "")
}

// SealOnce is Seal for contents that two readings must not be compared by: tokens of equal contents are
// equal for one occasion and unrelated for two.
func (s *Sealer) SealOnce(kind string, client uuid.UUID, plain []byte, occasion string) string {
	bound := binding(kind, client)
	mac := hmac.New(sha256.New, s.nonces)
	mac.Write(bound)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(occasion))))
	mac.Write([]byte(occasion))
	mac.Write(plain)
	nonce := mac.Sum(nil)[:s.gcm.NonceSize()]
	return base64.RawURLEncoding.EncodeToString(s.gcm.Seal(nonce, nonce, plain, bound))
}

// Open gives what was sealed. It wraps ErrSeal for anything else, whatever is wrong with it.
func (s *Sealer) Open(kind string, client uuid.UUID, token string) ([]byte, error) {
	if len(token) > maxToken {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrSeal, maxToken)
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(sealed) < s.gcm.NonceSize() {
		return nil, fmt.Errorf("%w: not decodable", ErrSeal)
	}
	nonce, box := sealed[:s.gcm.NonceSize()], sealed[s.gcm.NonceSize():]
	plain, err := s.gcm.Open(nil, nonce, box, binding(kind, client))
	if err != nil {
		return nil, fmt.Errorf("%w: sealed by another key, or for another purpose or client", ErrSeal)
	}
	return plain, nil
}

// binding is what a token is tied to; the client has a fixed length and comes last, so that no two pairs
// read the same.
func binding(kind string, client uuid.UUID) []byte {
	return append([]byte(kind+"\x00"), client[:]...)
}

package accounts

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// box seals secrets that must be read again, and hashes what must be recognised but not read. Both are
// useless to whoever has the database alone.
type box struct {
	gcm  cipher.AEAD // with random nonces
	keys []byte      // of the hashes
}

const minKey = 32

func newBox(key []byte) (*box, error) {
	if len(key) < minKey {
		return nil, fmt.Errorf("accounts need a key of at least %d bytes, got %d", minKey, len(key))
	}
	derived, err := hkdf.Key(sha256.New, key, nil, "effigate accounts v1", 64)
	if err != nil {
		return nil, fmt.Errorf("derive the keys of accounts: %w", err)
	}
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		return nil, fmt.Errorf("derive the keys of accounts: %w", err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("derive the keys of accounts: %w", err)
	}
	return &box{gcm: gcm, keys: derived[32:]}, nil
}

// seal makes URL-safe text that open gives back for the same purpose and owner alone. A purpose holds no
// zero byte.
func (b *box) seal(purpose string, owner uuid.UUID, plain []byte) string {
	return base64.RawURLEncoding.EncodeToString(b.gcm.Seal(nil, nil, plain, bound(purpose, owner)))
}

// open gives what was sealed. Bound the length of what strangers give before.
func (b *box) open(purpose string, owner uuid.UUID, sealed string) ([]byte, error) {
	content, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil {
		return nil, errSeal
	}
	plain, err := b.gcm.Open(nil, nil, content, bound(purpose, owner))
	if err != nil {
		return nil, errSeal
	}
	return plain, nil
}

var errSeal = errors.New("not sealed by this key, for this purpose and owner")

// bound joins purpose and owner; the owner has a fixed length, so that no two pairs read the same.
func bound(purpose string, owner uuid.UUID) []byte {
	return append([]byte(purpose+"\x00"), owner[:]...)
}

// key hashes words to what recognises them. Words hold no zero byte.
func (b *box) key(words ...string) []byte {
	mac := hmac.New(sha256.New, b.keys)
	for _, word := range words {
		mac.Write([]byte(word))
		mac.Write([]byte{0})
	}
	return mac.Sum(nil)
}

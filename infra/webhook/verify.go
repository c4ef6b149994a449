package webhook

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// tolerance is how far the clock of whoever signed may be from ours.
const tolerance = 5 * time.Minute

// ErrSignature says that a message is not signed by the secret, or was signed too long ago.
var ErrSignature = errors.New("the signature does not hold")

// ParseSecret reads a secret in the form in which both sides keep it: "whsec_" and base64 of 24 to 64 bytes.
func ParseSecret(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(text), secretPrefix)
	secret, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(secret) < 24 || len(secret) > 64 {
		return nil, errors.New("a webhook secret must be whsec_ and 24 to 64 bytes in base64")
	}
	return secret, nil
}

// Verify checks the signature of a message that came to us, as standard-webhooks has it. It wraps ErrSignature. That a
// message came before is for the caller to see, by its content.
func Verify(header http.Header, body, secret []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(header.Get(headerTimestamp), 10, 64)
	id := header.Get(headerID)
	if err != nil || id == "" || len(secret) == 0 {
		return fmt.Errorf("%w: %s and %s must be there", ErrSignature, headerID, headerTimestamp)
	}
	at := time.Unix(seconds, 0)
	if at.Before(now.Add(-tolerance)) || at.After(now.Add(tolerance)) {
		return fmt.Errorf("%w: it is more than %s off", ErrSignature, tolerance)
	}
	want := []byte(sign(id, at, body, [][]byte{secret}))
	for signature := range strings.FieldsSeq(header.Get(headerSignature)) {
		if hmac.Equal([]byte(signature), want) {
			return nil
		}
	}
	return ErrSignature
}

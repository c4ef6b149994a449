package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The headers of standard-webhooks.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// envelope is the body of every webhook.
type envelope struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // of the fact
	Data      any       `json:"data"`
}

func encode(kind string, at time.Time, data any) ([]byte, error) {
	body, err := json.Marshal(envelope{Type: kind, Timestamp: at.UTC(), Data: data})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", kind, err)
	}
	return body, nil
}

// sign gives the header of signatures: one by each secret, since the receiver may know either while they change.
func sign(id string, at time.Time, body []byte, secrets [][]byte) string {
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}

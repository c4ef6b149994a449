package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"effigate/infra/webhook"
)

// signed are the headers of the message {} that was signed at a time.
func signed(id string, at time.Time, secret []byte) http.Header {
	mac := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), "{}")
	header := http.Header{}
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return header
}

func TestVerify(t *testing.T) {
	t.Parallel()
	secret, now := bytes.Repeat([]byte("s"), 32), time.Date(2026, time.March, 16, 10, 0, 0, 0, time.UTC)
	altered := func(field, value string) http.Header {
		header := signed("msg_1", now, secret)
		header.Set(field, value)
		return header
	}
	for name, c := range map[string]struct {
		header http.Header
		body   string
		secret []byte
		good   bool
	}{
		"good":              {signed("msg_1", now, secret), "{}", secret, true},
		"the last second":   {signed("msg_1", now.Add(-5*time.Minute), secret), "{}", secret, true},
		"one of several":    {altered("Webhook-Signature", "v1,AAAA "+signed("msg_1", now, secret).Get("Webhook-Signature")), "{}", secret, true},
		"too old":           {signed("msg_1", now.Add(-5*time.Minute-time.Second), secret), "{}", secret, false},
		"of the future":     {signed("msg_1", now.Add(5*time.Minute+time.Second), secret), "{}", secret, false},
		"another body":      {signed("msg_1", now, secret), "{} ", secret, false},
		"another secret":    {signed("msg_1", now, secret), "{}", bytes.Repeat([]byte("t"), 32), false},
		"no secret at all":  {signed("msg_1", now, nil), "{}", nil, false},
		"another id":        {altered("Webhook-Id", "msg_2"), "{}", secret, false},
		"no id":             {signed("", now, secret), "{}", secret, false},
		"no time":           {altered("Webhook-Timestamp", ""), "{}", secret, false},
		"no signature":      {altered("Webhook-Signature", ""), "{}", secret, false},
		"another algorithm": {altered("Webhook-Signature", "v2"+signed("msg_1", now, secret).Get("Webhook-Signature")[2:]), "{}", secret, false},
	} {
		if err := webhook.Verify(c.header, []byte(c.body), c.secret, now); (err == nil) != c.good || err != nil && !errors.Is(err, webhook.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseSecret(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("s"), 24))
	if secret, err := webhook.ParseSecret("whsec_" + encoded + "\n"); err != nil || len(secret) != 24 {
		t.Errorf("a good secret: %d bytes, %v", len(secret), err)
	}
	for _, bad := range []string{"", encoded, "whsec_", "whsec_c2hvcnQ=", "whsec_*", "whsec_" + strings.Repeat("QUFB", 30)} {
		if _, err := webhook.ParseSecret(bad); err == nil {
			t.Errorf("%q is taken for a secret", bad)
		}
	}
}

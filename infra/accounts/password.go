package accounts

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"effigate/domain"
)

const (
	// minPassword is the length of the shortest password, in characters.
	minPassword = 12
	// maxPassword is the length of the longest one, in bytes.
	maxPassword = 256
	// minDistinct is of how many different characters a password consists at least.
	minDistinct = 5
	// minTold is the length of the shortest word of a name or address that a password must not hold.
	minTold = 4
)

// normalPassword gives one form to what looks and is typed alike, so that a password typed on another
// keyboard is the same.
func normalPassword(password string) string { return norm.NFKC.String(password) }

// checkPassword notes what is wrong with a password for a person, in the field "password".
func checkPassword(check *domain.Check, password, name, email string) {
	const field = "password"
	check.That(len(password) <= maxPassword && utf8.ValidString(password), field, "must have at most "+strconv.Itoa(maxPassword)+" bytes of UTF-8 text")
	if len(password) > maxPassword {
		return
	}
	password = strings.ToLower(normalPassword(password))
	check.That(utf8.RuneCountInString(password) >= minPassword, field, "must have at least "+strconv.Itoa(minPassword)+" characters")
	local, _, _ := strings.Cut(strings.ToLower(email), "@")
	for _, told := range append(strings.Fields(strings.ToLower(normalPassword(name))), local) {
		check.That(utf8.RuneCountInString(told) < minTold || !strings.Contains(password, told), field, "must not hold the name or address it belongs to")
	}
	distinct := map[rune]bool{}
	for _, r := range password {
		distinct[r] = true
	}
	check.That(len(distinct) >= minDistinct, field, "must have at least "+strconv.Itoa(minDistinct)+" different characters")
	check.That(!isKnown(password), field, "must not be one that is known from breaches, nor such a one with digits put on")
}

// isKnown tells whether a password in lower case is on the list of breached ones, or is one of them repeated
// or with digits and signs around it, which is what guessers try next.
func isKnown(password string) bool {
	decoration := func(r rune) bool { return !unicode.IsLetter(r) }
	for _, core := range []string{password, strings.TrimRightFunc(password, decoration), strings.TrimFunc(password, decoration)} {
		for parts := 1; parts <= 4; parts++ {
			part := core[:len(core)/parts]
			if len(part) >= minTold && strings.Repeat(part, parts) == core && breached()[part] {
				return true
			}
		}
	}
	return false
}

// The list is described in breached/VENDOR.md.
//
//go:embed breached/passwords.txt.gz
var breachedFile []byte

// breached holds the passwords of the list in lower case.
var breached = sync.OnceValue(func() map[string]bool {
	content, err := gzip.NewReader(bytes.NewReader(breachedFile))
	if err != nil {
		panic(err) // It is part of the program.
	}
	list := map[string]bool{}
	lines := bufio.NewScanner(content)
	for lines.Scan() {
		list[lines.Text()] = true
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
	return list
})

// hasher hashes passwords, a few at a time: each hash takes 19 MiB and some tens of milliseconds of a core,
// and a storm of logins must neither exhaust the memory nor starve everybody else.
type hasher struct {
	turns   chan struct{} // one for each hash at work
	waiting chan struct{} // one for each caller that waits, those at work included
	nobody  string        // a hash of a password that nobody has
}

// cost is what OWASP recommends for Argon2id where memory is shared with other work.
var cost = argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const (
	maxWaiting = 64
	maxWait    = 2 * time.Second
)

func newHasher() (*hasher, error) {
	atOnce := max(1, runtime.GOMAXPROCS(0)/2)
	h := &hasher{turns: make(chan struct{}, atOnce), waiting: make(chan struct{}, atOnce+maxWaiting)}
	unknown, _ := newToken()
	var err error
	h.nobody, err = h.make(unknown)
	return h, err
}

// turn waits for a turn to hash, two seconds at most; ErrBusy when too many wait. Call release after it.
func (h *hasher) turn(ctx context.Context) (release func(), err error) {
	select {
	case h.waiting <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	patience, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns; <-h.waiting }, nil
	case <-patience.Done():
		<-h.waiting
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("wait to hash a password: %w", err)
		}
		return nil, ErrBusy
	}
}

// hash makes the stored form of a password in a turn of its own.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	release, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return h.make(password)
}

// make is hash for a caller that holds a turn.
func (h *hasher) make(password string) (string, error) {
	made, err := argon2id.CreateHash(normalPassword(password), &cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return made, nil
}

// compare tells whether a password is the stored one, and whether that is stored with other parameters than
// today's. Without a stored one it does the same work. The caller holds a turn.
func (h *hasher) compare(password, stored string) (right, outdated bool, err error) {
	known := stored != ""
	if !known {
		stored = h.nobody
	}
	if len(password) > maxPassword {
		known, password = false, ""
	}
	right, made, err := argon2id.CheckHash(normalPassword(password), stored)
	if err != nil {
		return false, false, fmt.Errorf("compare a password: %w", err)
	}
	return right && known, *made != cost, nil
}

package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Checkpoint is what a signature stands for: that the log of a store had so many events, with this root, at an instant.
// Its text is that of C2SP tlog-checkpoint: the origin, the size, the root in base64, and one line more with the instant.
type Checkpoint struct {
	Origin string // of the log: "effigate/" and the id of the event store
	Size   int64
	Root   Hash
	At     time.Time // UTC, to the second
}

// What can be wrong with a signed checkpoint.
var (
	ErrSignature = errors.New("no checkpoint that the key has signed")
	ErrForm      = errors.New("not the text of a checkpoint")
)

// maxNote bounds the text of a signed checkpoint.
const maxNote = 4096

// Origin names the log of an event store. It is the name of its keys, too.
func Origin(store fmt.Stringer) string { return "effigate/" + store.String() }

// NewKey makes a pair of Ed25519 keys for an origin: the secret one that signs, and the one that verifies.
func NewKey(random io.Reader, origin string) (secret, verifier string, err error) {
	secret, verifier, err = note.GenerateKey(random, origin)
	if err != nil {
		return "", "", fmt.Errorf("make a key for %s: %w", origin, err)
	}
	return secret, verifier, nil
}

// Sign gives the signed text of a checkpoint: a note as of C2SP signed-note.
func Sign(c Checkpoint, secret string) (string, error) {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return "", fmt.Errorf("read the key of seals: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: c.text()}, signer)
	if err != nil {
		return "", fmt.Errorf("sign a checkpoint: %w", err)
	}
	return string(signed), nil
}

// Open gives the checkpoint of a signed text once its signature is verified. It wraps ErrSignature or ErrForm.
func Open(signed, verifier string) (Checkpoint, error) {
	known, err := note.NewVerifier(verifier)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: the verifier key is none: %w", ErrSignature, err)
	}
	if len(signed) > maxNote {
		return Checkpoint{}, fmt.Errorf("%w: it has more than %d bytes", ErrForm, maxNote)
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(known))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if len(opened.UnverifiedSigs) > 0 {
		return Checkpoint{}, fmt.Errorf("%w: it has signatures of other keys, too", ErrForm)
	}
	c, err := parse(opened.Text)
	if err == nil && c.Origin != known.Name() {
		err = fmt.Errorf("%w: it is of %s and signed for %s", ErrForm, c.Origin, known.Name())
	}
	return c, err
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s\n", c.Origin, c.Size, c.Root, c.At.UTC().Format(time.RFC3339))
}

// parse reads what text wrote, and nothing else.
func parse(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 {
		return Checkpoint{}, fmt.Errorf("%w: it does not have four lines", ErrForm)
	}
	c := Checkpoint{Origin: lines[0]}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := base64.StdEncoding.DecodeString(lines[2])
	at, err3 := time.Parse(time.RFC3339, lines[3])
	if err := errors.Join(err, err2, err3); err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	c.Size, c.At = size, at.UTC()
	if copy(c.Root[:], root); len(root) != len(c.Root) || size < 0 || c.text() != text {
		return Checkpoint{}, fmt.Errorf("%w: it is written otherwise", ErrForm)
	}
	return c, nil
}

// nameOf is the origin for which a verifier key was made.
func nameOf(verifier string) string {
	name, _, _ := strings.Cut(verifier, "+")
	return name
}

// VerifierOf gives the key that verifies what a secret key signs.
func VerifierOf(secret string) (string, error) {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return "", fmt.Errorf("read the key of seals: %w", err)
	}
	// A secret key is PRIVATE+KEY+name+hash+base64(type byte and seed), as NewSigner has seen.
	material, err := base64.StdEncoding.DecodeString(strings.SplitN(secret, "+", 5)[4])
	if err != nil || len(material) != 1+ed25519.SeedSize {
		return "", errors.New("read the key of seals: it is no Ed25519 key")
	}
	public, ok := ed25519.NewKeyFromSeed(material[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return "", errors.New("read the key of seals: it has no public half")
	}
	verifier, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return "", fmt.Errorf("read the key of seals: %w", err)
	}
	return verifier, nil
}

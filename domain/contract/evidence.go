package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/terms"
)

// MaxSealed is the length of the longest sealed part of Evidence, in bytes.
const MaxSealed = 4096

// Document is what both parties agree on, in one text: a JSON object with the members statement, terms, effective and
// reference in this order, the terms in their stored form.
func Document(statement string, agreed terms.Agreed, effective calendar.Date, reference string) string {
	return string(canonical(struct {
		Statement string        `json:"statement"`
		Terms     terms.Agreed  `json:"terms"`
		Effective calendar.Date `json:"effective"`
		Reference string        `json:"reference"`
	}{statement, agreed, effective, reference}))
}

// Digest is what an acceptance is bound to: the SHA-256 of the document, in hex. Whoever keeps the document can work it
// out again; another word, line or day gives another digest.
func Digest(statement string, agreed terms.Agreed, effective calendar.Date, reference string) string {
	return digestOf(Document(statement, agreed, effective, reference))
}

func digestOf(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

// attest gives the evidence of an agreement to a statement as it is stored, or refuses it. A client must have seen
// what it agrees to; staff who hold the signed paper say where it is, and may leave out the digest.
func attest(by domain.Actor, given Evidence, statement, digest string) (Evidence, error) {
	byClient := by.Side == domain.ClientSide
	var check domain.Check
	if byClient {
		check.That(given.SHA256 != "", "sha256", "must be the digest of what was read")
		check.That(given.Paper == "", "paper", "must be empty: staff keep the signed papers")
	} else {
		check.Line("paper", given.Paper)
	}
	check.That(len(given.Sealed) <= MaxSealed, "sealed", "must be shorter")
	if err := check.Err(); err != nil {
		return Evidence{}, err
	}
	if given.SHA256 != digest && (byClient || given.SHA256 != "") {
		return Evidence{}, domain.Refuse(domain.ErrConflict, "terms_changed", "the terms changed since they were read; read them again")
	}
	return Evidence{
		Role: by.Role, Proved: given.Proved, Statement: statement, SHA256: digest, Sealed: given.Sealed, Paper: given.Paper,
	}, nil
}

// same reports whether two terms are stored alike.
func same(a, b terms.Terms) bool { return string(canonical(a)) == string(canonical(b)) }

// copied gives terms that share no memory with the caller's: what it does with its slices later is not history.
func copied(t terms.Terms) terms.Terms {
	var own terms.Terms
	if err := json.Unmarshal(canonical(t), &own); err != nil {
		panic("contract: terms do not come back from their stored form: " + err.Error())
	}
	return own
}

// canonical is the stored form of a value. Its struct has no maps, so equal values give equal bytes.
func canonical(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic("contract: terms have no stored form: " + err.Error())
	}
	return data
}

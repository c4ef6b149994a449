package accounts_test

import (
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"effigate/domain"
)

// What history keeps of a person's data can be read until the person is erased, by nobody else's key and under
// nobody else's name.
func TestEvidenceIsReadableUntilItsPersonIsErased(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	ada, bob := d.invited("ada@example.org").Person, d.invited("bob@example.org").Person
	ctx := t.Context()
	const plain = "marker 203.0.113.77"
	seal := func(person domain.PersonID) string {
		sealed, err := d.SealEvidence(ctx, person, []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	first, second, bobs := seal(ada), seal(ada), seal(bob)
	if first == second || strings.Contains(first, "marker") {
		t.Errorf("sealed as %q and %q", first, second)
	}
	if err := d.staff.Close(ctx, ada); err != nil { // Who has left is still named in what was signed.
		t.Fatal(err)
	}
	d.restart()
	for _, sealed := range []string{first, second} {
		if got, err := d.staff.UnsealEvidence(ctx, ada, sealed); err != nil || string(got) != plain {
			t.Errorf("unsealed as %q, %v", got, err)
		}
	}
	for name, sealed := range map[string]string{"another's": bobs, "damaged": first[1:], "none": "", "no text of ours": "%%%"} {
		if got, err := d.staff.UnsealEvidence(ctx, ada, sealed); err == nil {
			t.Errorf("%s: unsealed as %q", name, got)
		}
	}
	if err := d.staff.Erase(ctx, ada); err != nil {
		t.Fatal(err)
	}
	_, err := d.staff.UnsealEvidence(ctx, ada, first)
	wantRefusal(t, "unseal after erasure", err, domain.ErrNotFound, "person_not_found")
	_, err = d.SealEvidence(ctx, ada, []byte(plain))
	wantRefusal(t, "seal after erasure", err, domain.ErrNotFound, "person_not_found")
	_, err = d.SealEvidence(ctx, domain.PersonID{UUID: newID()}, []byte(plain))
	wantRefusal(t, "seal for nobody", err, domain.ErrNotFound, "person_not_found")
	if got, err := d.staff.UnsealEvidence(ctx, bob, bobs); err != nil || string(got) != plain {
		t.Errorf("a colleague's evidence is unsealed as %q, %v", got, err)
	}
	if keys := collect[string](d, `SELECT person::text FROM accounts.evidence_keys`); len(keys) != 1 || keys[0] != bob.String() {
		t.Errorf("keys of %v are left", keys)
	}
	if _, err := d.SealEvidence(ctx, bob, make([]byte, 5000)); err == nil {
		t.Error("evidence without bound was sealed")
	}
}

// Two logins of one person that agree at the same moment end up with one key.
func TestThereIsOneKeyOfEvidence(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	ada := d.invited("ada@example.org").Person
	sealed := make([]string, 8)
	group, ctx := errgroup.WithContext(t.Context())
	for i := range sealed {
		group.Go(func() (err error) {
			sealed[i], err = d.SealEvidence(ctx, ada, []byte("here"))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, text := range sealed {
		if got, err := d.staff.UnsealEvidence(t.Context(), ada, text); err != nil || string(got) != "here" {
			t.Errorf("unsealed as %q, %v", got, err)
		}
	}
}

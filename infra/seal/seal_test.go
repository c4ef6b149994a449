package seal_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/infra/seal"
)

// leavesOf makes so many leaves, and what reads them.
func leavesOf(size int64) ([]seal.Hash, seal.Leaves) {
	leaves := make([]seal.Hash, size)
	for i := range leaves {
		leaves[i] = tlog.RecordHash([]byte(fmt.Sprint("event ", i)))
	}
	return leaves, func(_ context.Context, first, last int64) ([]seal.Hash, error) {
		if last-first > seal.MaxLeaves {
			return nil, fmt.Errorf("%d leaves at once", last-first)
		}
		return leaves[first:min(last, int64(len(leaves)))], nil
	}
}

// TestTreesProve works roots out in two ways, and proves of trees of any size that they hold each of their leaves and
// begin with each smaller tree, and with no other.
func TestTreesProve(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.Int64Range(1, 70), rapid.Int64Range(seal.MaxLeaves-2, 3*seal.MaxLeaves+3)).Draw(t, "size")
		smaller := rapid.Int64Range(1, size).Draw(t, "smaller")
		ordinal := rapid.Int64Range(1, size).Draw(t, "ordinal")
		leaves, read := leavesOf(size)
		tree, ctx := seal.NewTree(size, read), t.Context()
		later, earlier := rootOf(t, tree, size), rootOf(t, tree, smaller)
		var grown seal.Range
		for i, leaf := range leaves {
			grown.Add(leaf)
			if int64(i)+1 == smaller && grown.Root() != earlier.Root {
				t.Fatalf("%d leaves added one by one have the root %s, read from the tree %s", smaller, grown.Root(), earlier.Root)
			}
		}
		if grown.Root() != later.Root || grown.Size() != size {
			t.Fatalf("%d leaves added one by one have the root %s, read at once %s", size, grown.Root(), later.Root)
		}
		inclusion, err := tree.Inclusion(ctx, ordinal)
		if err != nil {
			t.Fatal(err)
		}
		if err := seal.CheckInclusion(inclusion, later, ordinal, leaves[ordinal-1]); err != nil {
			t.Errorf("event %d of %d: %v", ordinal, size, err)
		}
		if err := seal.CheckInclusion(inclusion, later, ordinal, tlog.RecordHash([]byte("forged"))); err == nil {
			t.Error("a forged event was proved to be part of it")
		}
		consistency, err := tree.Consistency(ctx, smaller)
		if err != nil {
			t.Fatal(err)
		}
		if err := seal.CheckConsistency(consistency, earlier, later); err != nil {
			t.Errorf("%d events begin with %d: %v", size, smaller, err)
		}
		forged := earlier
		forged.Root[0] ^= 1
		if err := seal.CheckConsistency(consistency, forged, later); err == nil {
			t.Error("a forged beginning was proved")
		}
	})
}

func rootOf(t interface {
	Context() context.Context
	Fatal(...any)
}, tree *seal.Tree, size int64,
) seal.Checkpoint {
	root, err := tree.Root(t.Context(), size)
	if err != nil {
		t.Fatal(err)
	}
	return seal.Checkpoint{Size: size, Root: root}
}

// TestEmptyTree has the root that RFC 6962 gives it.
func TestEmptyTree(t *testing.T) {
	t.Parallel()
	_, read := leavesOf(0)
	var none seal.Range
	if root := rootOf(t, seal.NewTree(0, read), 0).Root; root != none.Root() || root.String() != "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" {
		t.Errorf("no leaves have the root %s", root)
	}
	if _, err := seal.NewTree(3, read).Root(t.Context(), 4); err == nil {
		t.Error("a tree larger than the log has a root")
	}
	if _, err := seal.NewTree(3, read).Root(t.Context(), 3); err == nil {
		t.Error("a tree whose leaves are missing has a root")
	}
}

var (
	origin = seal.Origin(uuid.MustParse("5d0e6a31-7f3f-4c62-9a55-6a1f0d5c0001"))
	night  = time.Date(2026, time.March, 31, 0, 0, 7, 0, time.UTC)
)

func keys(t *testing.T) (secret, verifier string) {
	t.Helper()
	secret, verifier, err := seal.NewKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	if derived, err := seal.VerifierOf(secret); err != nil || derived != verifier {
		t.Fatalf("the secret key is verified by %s, %v; want %s", derived, err, verifier)
	}
	return secret, verifier
}

// TestCheckpoints signs one, and opens what was changed, is of another origin, or was signed by another key.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	secret, verifier := keys(t)
	want := seal.Checkpoint{Origin: origin, Size: 4711, Root: tlog.RecordHash([]byte("root")), At: night}
	signed, err := seal.Sign(want, secret)
	if err != nil {
		t.Fatal(err)
	}
	got, err := seal.Open(signed, verifier)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("checkpoint (-want +got):\n%s", diff)
	}
	_, other := keys(t)
	if _, err := seal.Open(signed, other); !errors.Is(err, seal.ErrSignature) {
		t.Errorf("another key opens it: %v", err)
	}
	if _, err := seal.Open(strings.Replace(signed, "4711", "4712", 1), verifier); !errors.Is(err, seal.ErrSignature) {
		t.Errorf("a changed size opens: %v", err)
	}
	if _, err := seal.Open(signed, "no key"); !errors.Is(err, seal.ErrSignature) {
		t.Errorf("no key opens it: %v", err)
	}
	want.Origin = "effigate/another"
	if signed, err = seal.Sign(want, secret); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(signed, verifier); !errors.Is(err, seal.ErrForm) {
		t.Errorf("a checkpoint of another log opens: %v", err)
	}
}

// TestSealsRefuseAnotherHistory seals a log as it grows, and then one that was changed, cut or signed by somebody else.
func TestSealsRefuseAnotherHistory(t *testing.T) {
	t.Parallel()
	database := database(t)
	store, ctx := seal.NewStore(database.Pool), t.Context()
	secret, verifier := keys(t)
	if _, sealed, err := store.Newest(ctx); sealed || err != nil {
		t.Fatalf("a new store has a seal: %v", err)
	}
	leaves, read := leavesOf(20)
	add := func(size int64, key string) (seal.Seal, error) {
		return store.Add(ctx, seal.NewTree(size, read), origin, key, night)
	}
	for _, size := range []int64{5, 9, 9, 20} {
		made, err := add(size, secret)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := made.Verified(verifier); err != nil || c.Size != size {
			t.Errorf("the seal of %d events is of %d: %v", size, c.Size, err)
		}
	}
	kept, err := store.After(ctx, 0, 10)
	if err != nil || len(kept) != 3 {
		t.Fatalf("%d seals are kept, want 3: %v", len(kept), err)
	}
	if first, _, err := store.First(ctx); err != nil || first.Size != 5 {
		t.Errorf("the first seal is of %d events: %v", first.Size, err)
	}
	if _, err := add(19, secret); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("a log that was cut is sealed: %v", err)
	}
	if foreign, _ := keys(t); foreign != "" {
		if _, err := add(20, foreign); !errors.Is(err, seal.ErrTampered) {
			t.Errorf("seals of another key are continued: %v", err)
		}
	}
	leaves[3][7] ^= 1
	if _, err := add(20, secret); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("a log with a flipped bit is sealed: %v", err)
	}
}

// TestSealsRefuseTheKeyOfAnotherLog seals with a key as it is copied from another installation: its first seal was
// kept, and as seals are final, nothing could be sealed or verified ever after.
func TestSealsRefuseTheKeyOfAnotherLog(t *testing.T) {
	t.Parallel()
	store, ctx := seal.NewStore(database(t).Pool), t.Context()
	_, read := leavesOf(3)
	foreign, _, err := seal.NewKey(rand.Reader, "effigate/staging")
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Add(ctx, seal.NewTree(3, read), origin, foreign, night)
	if !errors.Is(err, seal.ErrKey) || !strings.Contains(err.Error(), "effigate/staging") || !strings.Contains(err.Error(), origin) {
		t.Errorf("the key of another log seals: %v", err)
	}
	if _, sealed, err := store.Newest(ctx); sealed || err != nil {
		t.Fatalf("what it sealed is kept: %v", err)
	}
	secret, verifier := keys(t)
	made, err := store.Add(ctx, seal.NewTree(3, read), origin, secret, night)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := made.Verified(verifier); err != nil {
		t.Errorf("the log's own key seals afterwards: %v", err)
	}
}

// TestSealsAreFinal tries as the owner of the table.
func TestSealsAreFinal(t *testing.T) {
	t.Parallel()
	database := database(t)
	secret, _ := keys(t)
	_, read := leavesOf(3)
	if _, err := seal.NewStore(database.Pool).Add(t.Context(), seal.NewTree(3, read), origin, secret, night); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`UPDATE control.seals SET size = 4`, `DELETE FROM control.seals`, `TRUNCATE control.seals`,
		`SET session_replication_role = replica; DELETE FROM control.seals`,
	} {
		if _, err := database.Pool.Exec(t.Context(), statement); err == nil {
			t.Errorf("%s: a seal was changed", statement)
		}
	}
}

func database(t *testing.T) *postgres.Database {
	t.Helper()
	database, err := postgres.Open(t.Context(), postgrestest.Database(t, postgres.StaffSide).Owner, postgres.StaffSide)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Close)
	return database
}

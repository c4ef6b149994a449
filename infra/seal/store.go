package seal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Seal is a signed checkpoint as it is kept.
type Seal struct {
	Size int64     `db:"size" json:"size"`
	Root []byte    `db:"root" json:"root"`
	Note string    `db:"note" json:"note"`
	At   time.Time `db:"at" json:"at"`
}

// Store keeps seals in the staff database, where rows are only ever added.
type Store struct{ pool *pgxpool.Pool }

// NewStore gives the store of a database of the staff side, opened by its owner.
func NewStore(pool *pgxpool.Pool) Store { return Store{pool} }

// Newest is the seal of the most events; false when there is none.
func (s Store) Newest(ctx context.Context) (Seal, bool, error) {
	seals, err := s.list(ctx, `SELECT size, root, note, at FROM control.seals ORDER BY size DESC LIMIT 1`)
	if err != nil || len(seals) == 0 {
		return Seal{}, false, err
	}
	return seals[0], true, nil
}

// First is the seal of the fewest events; false when there is none.
func (s Store) First(ctx context.Context) (Seal, bool, error) {
	seals, err := s.After(ctx, 0, 1)
	if err != nil || len(seals) == 0 {
		return Seal{}, false, err
	}
	return seals[0], true, nil
}

// After lists seals of more events than a number, the smallest first.
func (s Store) After(ctx context.Context, size int64, limit int) ([]Seal, error) {
	return s.list(ctx, `SELECT size, root, note, at FROM control.seals WHERE size > $1 ORDER BY size LIMIT $2`, size, limit)
}

func (s Store) list(ctx context.Context, query string, arguments ...any) ([]Seal, error) {
	rows, err := s.pool.Query(ctx, query, arguments...)
	if err != nil {
		return nil, fmt.Errorf("read seals: %w", err)
	}
	seals, err := pgx.CollectRows(rows, pgx.RowToStructByName[Seal])
	if err != nil {
		return nil, fmt.Errorf("read seals: %w", err)
	}
	return seals, nil
}

// add keeps a seal. Two processes may seal the same events at once: then the first one's stands.
func (s Store) add(ctx context.Context, made Seal) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO control.seals (size, root, note, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		made.Size, made.Root, made.Note, made.At)
	if err != nil {
		return fmt.Errorf("keep the seal of %d events: %w", made.Size, err)
	}
	return nil
}

// What can be wrong with seals.
var (
	ErrTampered = errors.New("history is not what was sealed")
	ErrKey      = errors.New("the key of seals does not seal this log")
)

// Verified gives the checkpoint of a kept seal. A seal that the key has not signed, or whose columns say otherwise than
// what was signed, is ErrTampered.
func (s Seal) Verified(verifier string) (Checkpoint, error) {
	c, err := Open(s.Note, verifier)
	if err != nil {
		return c, fmt.Errorf("%w: the seal of %d events: %w", ErrTampered, s.Size, err)
	}
	if c.Size != s.Size || string(c.Root[:]) != string(s.Root) {
		return c, fmt.Errorf("%w: the seal of %d events was signed for %d, root %s", ErrTampered, s.Size, c.Size, c.Root)
	}
	return c, nil
}

// Add signs a tree as it is now and keeps the seal, unless the newest one is of as many events: then it gives that one.
// It refuses with ErrTampered unless the tree begins with what the newest seal is of, and with ErrKey a key that was made
// for another origin: a seal that is kept can never be taken back.
func (s Store) Add(ctx context.Context, tree *Tree, origin, secret string, at time.Time) (Seal, error) {
	verifier, err := VerifierOf(secret)
	if err != nil {
		return Seal{}, err
	}
	newest, sealed, err := s.Newest(ctx)
	if err != nil {
		return Seal{}, err
	}
	if sealed {
		if err := begins(ctx, tree, newest, verifier); err != nil || newest.Size == tree.Size {
			return newest, err
		}
	}
	root, err := tree.Root(ctx, tree.Size)
	if err != nil {
		return Seal{}, err
	}
	c := Checkpoint{Origin: origin, Size: tree.Size, Root: root, At: at.UTC().Truncate(time.Second)}
	signed, err := Sign(c, secret)
	if err != nil {
		return Seal{}, err
	}
	if _, err := Open(signed, verifier); err != nil {
		return Seal{}, fmt.Errorf("%w: it was made for %s, and this log is %s; set the key that was made for this log, or none and one is made: %w",
			ErrKey, nameOf(verifier), origin, err)
	}
	made := Seal{Size: c.Size, Root: root[:], Note: signed, At: c.At}
	return made, s.add(ctx, made)
}

// begins refuses a tree that does not begin with what a seal is of.
func begins(ctx context.Context, tree *Tree, sealed Seal, verifier string) error {
	c, err := sealed.Verified(verifier)
	if err != nil {
		return err
	}
	if tree.Size < c.Size {
		return fmt.Errorf("%w: the log has %d events, and %d were sealed on %s", ErrTampered, tree.Size, c.Size, c.At.Format(time.RFC3339))
	}
	root, err := tree.Root(ctx, c.Size)
	if err != nil {
		return err
	}
	if root != c.Root {
		return fmt.Errorf("%w: the first %d events have the root %s, and %s was sealed on %s", ErrTampered, c.Size, root, c.Root, c.At.Format(time.RFC3339))
	}
	return nil
}

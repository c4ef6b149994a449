package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"effigate/domain"
	"effigate/infra/postgres"
	"effigate/infra/seal"
	staffrows "effigate/readmodels/staff"
)

// sealKeyFile holds the key that signs seals, apart from the databases that it guards.
const sealKeyFile = secretsDir + "/seal.key"

// sealKey is the key that signs seals; it is made the first time.
func (w *world) sealKey(ctx context.Context) (string, error) {
	if w.settings.SealKey != "" {
		return w.settings.SealKey, nil
	}
	path := w.path(sealKeyFile)
	text, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the key of seals: %w", err)
	}
	if _, sealed, err := seal.NewStore(w.staff.database.Pool).Newest(ctx); err != nil || sealed {
		return "", errors.Join(err, fmt.Errorf("%s is gone, and seals were signed with it: restore it from a backup", path))
	}
	origin, err := w.origin(ctx)
	if err != nil {
		return "", err
	}
	secret, _, err := seal.NewKey(rand.Reader, origin)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(w.path(secretsDir), 0o700); err != nil {
		return "", fmt.Errorf("make the key of seals: %w", err)
	}
	part, err := os.CreateTemp(w.path(secretsDir), "seal.key.*") // Of mode 0600.
	if err != nil {
		return "", fmt.Errorf("make the key of seals: %w", err)
	}
	defer func() { _ = os.Remove(part.Name()) }()
	_, err = part.WriteString(secret + "\n")
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return "", fmt.Errorf("make the key of seals: %w", err)
	}
	if err := os.Link(part.Name(), path); errors.Is(err, fs.ErrExist) { // Another process was faster.
		return w.sealKey(ctx)
	} else if err != nil {
		return "", fmt.Errorf("make the key of seals: %w", err)
	}
	return secret, nil
}

// origin names the log of this installation's events.
func (w *world) origin(ctx context.Context) (string, error) {
	identity, err := w.store.Identity(ctx)
	if err != nil {
		return "", fmt.Errorf("identify the event store: %w", err)
	}
	return seal.Origin(identity), nil
}

// leavesOf reads leaves from the staff read model's log.
func leavesOf(reads *postgres.Reads) seal.Leaves {
	return func(ctx context.Context, first, last int64) (leaves []seal.Hash, err error) {
		_, err = reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
			leaves = nil
			stored, err := staffrows.Leaves(ctx, tx, first, last)
			for i, leaf := range stored {
				if len(leaf) != len(seal.Hash{}) {
					return fmt.Errorf("%w: the leaf of event %d is no hash", seal.ErrTampered, first+int64(i)+1)
				}
				leaves = append(leaves, seal.Hash(leaf))
			}
			return err
		})
		return leaves, err
	}
}

// tree is the log as the staff read model has it now.
func (w *world) tree(ctx context.Context, reads *postgres.Reads) (*seal.Tree, error) {
	var size int64
	_, err := reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) (err error) {
		size, err = staffrows.LogSize(ctx, tx)
		return err
	})
	return seal.NewTree(size, leavesOf(reads)), err
}

// seal signs the log as it is now.
func (w *world) seal(ctx context.Context, reads *postgres.Reads, at time.Time) (seal.Seal, error) {
	secret, err := w.sealKey(ctx)
	if err != nil {
		return seal.Seal{}, err
	}
	origin, err := w.origin(ctx)
	if err != nil {
		return seal.Seal{}, err
	}
	tree, err := w.tree(ctx, reads)
	if err != nil || tree.Size == 0 {
		return seal.Seal{}, err
	}
	return seal.NewStore(w.staff.database.Pool).Add(ctx, tree, origin, secret, at)
}

// sealAgain is when a seal that failed is tried again.
const sealAgain = 10 * time.Minute

// sealDaily seals the log after each midnight UTC, until ctx ends. What was sealed already is not sealed again.
func (w *world) sealDaily(ctx context.Context, reads *postgres.Reads, now func() time.Time) error {
	for ctx.Err() == nil {
		at := now()
		wait := at.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(at)
		newest, sealed, err := seal.NewStore(w.staff.database.Pool).Newest(ctx)
		if err == nil && (!sealed || newest.At.Before(at.Truncate(24*time.Hour))) {
			newest, err = w.seal(ctx, reads, at)
		}
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, seal.ErrTampered):
			w.logger.ErrorContext(ctx, "history is not what was sealed: run effigate audit verify", slog.Any("error", err))
		case err != nil:
			w.logger.WarnContext(ctx, "the log was not sealed", slog.Any("error", err))
			wait = sealAgain
		case newest.Size == 0: // Nothing has happened yet.
			wait = sealAgain
		}
		_ = sleep(ctx, wait, nil) // The loop sees that ctx has ended.
	}
	return nil
}

// auditSealCommand signs a checkpoint.
func auditSealCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "seal", Short: "Sign a checkpoint of all events now",
		Long: `Sign the root of a Merkle tree over all events that the staff read model has numbered (RFC 6962), and keep the
checkpoint. The worker does so once a day. A history that does not begin with what was sealed last is refused.

Print checkpoints somewhere that nobody here can write to: whoever has one can be shown later that nothing of
that time was changed. Exits 3 when history is not what was sealed.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return withAudit(command.Context(), s, func(ctx context.Context, a *auditing) error {
				made, err := a.seal(ctx, a.reads, clock())
				if errors.Is(err, seal.ErrTampered) {
					_, _ = fmt.Fprintln(command.ErrOrStderr(), "effigate:", err)
					return errDifference
				}
				if err != nil {
					return err
				}
				if made.Size == 0 {
					return domain.Refuse(domain.ErrNotFound, "no_events", "nothing has happened that could be sealed")
				}
				return report(command.OutOrStdout(), s.JSON, made, func(out io.Writer) error {
					_, err := io.WriteString(out, made.Note)
					return err
				}, 0)
			})
		},
	}
}

// auditKeyCommand prints what others verify checkpoints with.
func auditKeyCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "key", Short: "Print the key that verifies checkpoints",
		Long: `Print the public half of the key that signs checkpoints. Give it to auditors and clients once, by a way of its
own: "effigate audit check --key" compares a bundle with it. The secret half is in the folder of secrets, or in
EFFIGATE_SEAL_KEY.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return withWorld(command.Context(), s, func(ctx context.Context, w *world) error {
				secret, err := w.sealKey(ctx)
				if err != nil {
					return err
				}
				verifier, err := seal.VerifierOf(secret)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(command.OutOrStdout(), verifier)
				return err
			})
		},
	}
}

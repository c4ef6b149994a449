package portal_test

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"effigate/domain"
	"effigate/infra/web/portal"
)

// trace notes which statements were sent to the database, of the read model and of the accounts.
type trace struct {
	mu         sync.Mutex
	statements []string
}

func (t *trace) note(sql string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.statements = append(t.statements, sql)
}

// take gives what was noted and begins anew.
func (t *trace) take() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := t.statements
	t.statements = nil
	return taken
}

// TraceQueryStart is called by every statement of a traced pool.
func (t *trace) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	t.note(data.SQL)
	return ctx
}

// TraceQueryEnd is called at its end.
func (*trace) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// tracedReads notes the statements of the read model.
type tracedReads struct {
	portal.Reads
	trace *trace
}

func (r tracedReads) Read(ctx context.Context, client domain.ClientID, after domain.Position, read func(pgx.Tx) error) (bool, error) {
	return r.Reads.Read(ctx, client, after, func(tx pgx.Tx) error { return read(tracedTx{tx, r.trace}) })
}

type tracedTx struct {
	pgx.Tx
	trace *trace
}

func (t tracedTx) Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error) {
	t.trace.note(sql)
	return t.Tx.Query(ctx, sql, arguments...)
}

func (t tracedTx) QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row {
	t.trace.note(sql)
	return t.Tx.QueryRow(ctx, sql, arguments...)
}

func (t tracedTx) Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error) {
	t.trace.note(sql)
	return t.Tx.Exec(ctx, sql, arguments...)
}

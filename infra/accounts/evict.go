package accounts

import "context"

// Evicted counts what Evict ended.
type Evicted struct {
	Sessions int
	Keys     int
}

// Evict ends every session of the side, and with keys every API key as well: for when somebody may have got at
// the accounts. People log in anew; their passwords and second factors stay. Owner only.
func (s *Service) Evict(ctx context.Context, keys bool) (Evicted, error) {
	return first[Evicted](ctx, s, "end all sessions", `SELECT * FROM accounts.evict($1)`, keys)
}

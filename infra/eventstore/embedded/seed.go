package embedded

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"effigate/infra/eventstore/embedded/store"
)

// seedIDs is the name space of the seeded events' ids, which are the same in every store.
var seedIDs = uuid.MustParse("0c8b7f0e-5b5a-5c3e-8a7e-6f2f8f0f9d31")

// seed writes the system events with which a real node starts: clients probe $users to see that a server is up. It is
// repeated at every opening until $users is there, which comes last; ids and revisions make the rest repeats.
func seed(ctx context.Context, s *store.Store) error {
	if next, err := s.Next("$users"); err != nil || next > 0 {
		return err
	}
	users := []string{"ops", "admin"}
	for _, user := range users {
		acl := `{"$acl":{"$r":"$admins","$w":"$admins","$d":"$admins","$mr":"$admins","$mw":"$admins"}}`
		created := fmt.Sprintf(`{"loginName":%q,"disabled":false}`, user)
		for _, e := range []struct{ stream, kind, data string }{
			{"$$$user-" + user, "$metadata", acl},
			{"$user-" + user, "$UserCreated", created},
		} {
			if err := seedEvents(ctx, s, e.stream, e.kind, true, e.data); err != nil {
				return err
			}
		}
	}
	return seedEvents(ctx, s, "$users", "$User", false, users...)
}

func seedEvents(ctx context.Context, s *store.Store, stream, kind string, json bool, data ...string) error {
	events := make([]store.Proposed, len(data))
	for i, d := range data {
		id := uuid.NewSHA1(seedIDs, fmt.Appendf(nil, "%s/%d", stream, i))
		events[i] = store.Proposed{ID: id, Type: kind, JSON: json, Data: []byte(d)}
	}
	if _, err := s.Append(ctx, stream, store.NoStream, events); err != nil {
		return fmt.Errorf("seed %s: %w", stream, err)
	}
	return nil
}

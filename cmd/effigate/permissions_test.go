package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/access"
)

// permissionsIntro is what stands before the table.
const permissionsIntro = `# Permissions

Who may do what. The table is generated from ` + "`domain/access`" + `, which everything derives from: the routes of portal and
console, the use cases, the scopes of API keys, and the tests of access. Do not edit it here.

`

// The page on permissions is the table of access, as it is.
func TestThePageOnPermissionsIsTheTable(t *testing.T) {
	t.Parallel()
	const path = "../../docs/PERMISSIONS.md"
	want := permissionsIntro + access.Markdown()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the table has changed; if that is meant, run: go test ./cmd/effigate -run TestThePageOnPermissions -update (-want +got):\n%s", diff)
	}
}

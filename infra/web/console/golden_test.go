package console_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the description of the API into testdata")

// TestDescriptionIsTheOneThatUsersHave shows every change of the API in a review.
func TestDescriptionIsTheOneThatUsersHave(t *testing.T) {
	t.Parallel()
	const golden = "testdata/openapi.json"
	got, err := newConsole(t).console.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("openapi.json (-want +got), write it anew with -update:\n%s", diff)
	}
}

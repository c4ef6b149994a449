package private

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

const (
	installed = "/usr/lib/postgresql/*/bin" // Where Debian keeps its versions side by side.
	oldest    = 15                          // Views that obey the reader's row security exist since then.
)

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// tools are the programs of one PostgreSQL version.
type tools struct {
	folder string
	major  int
}

func (t tools) initdb() string   { return filepath.Join(t.folder, "initdb") }
func (t tools) postgres() string { return filepath.Join(t.folder, "postgres") }

// findTools returns the tools of the wanted major version, or the newest when wanted is 0. A folder that is
// chosen is the only one looked at; otherwise those that match pattern, then the one of initdb on the PATH.
func findTools(ctx context.Context, chosen, pattern string, wanted int) (tools, error) {
	var found []tools
	var refusals []error
	for _, folder := range toolFolders(chosen, pattern) {
		t, err := inspect(ctx, folder)
		if err != nil {
			refusals = append(refusals, err)
			continue
		}
		found = append(found, t)
	}
	if chosen != "" && len(found) == 0 {
		return tools{}, fmt.Errorf("PG_BIN=%s is not the folder of PostgreSQL's programs: %w", chosen, errors.Join(refusals...))
	}
	found = slices.DeleteFunc(found, func(t tools) bool { return t.major < oldest })
	if len(found) == 0 {
		return tools{}, errors.Join(fmt.Errorf("PostgreSQL %d or newer is not installed: `make run` installs it, "+
			"or `apt-get install postgresql-%d`, or set PG_BIN to the folder of its programs", oldest, oldest),
			errors.Join(refusals...))
	}
	slices.SortStableFunc(found, func(a, b tools) int { return cmp.Compare(b.major, a.major) })
	if wanted == 0 {
		return found[0], nil
	}
	for _, t := range found {
		if t.major == wanted {
			return t, nil
		}
	}
	return tools{}, fmt.Errorf("the cluster was written by PostgreSQL %d but only %d is installed: "+
		"`apt-get install postgresql-%d`, or to change versions dump both databases with the old one, "+
		"move the folder away, start, and restore: read models can be rebuilt, accounts cannot",
		wanted, found[0].major, wanted)
}

func toolFolders(chosen, pattern string) []string {
	if chosen != "" {
		return []string{chosen}
	}
	folders, _ := filepath.Glob(pattern) // Fails only on a malformed pattern, and ours is constant.
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(path))
		}
	}
	return folders
}

func inspect(ctx context.Context, folder string) (tools, error) {
	t := tools{folder: folder}
	if _, err := exec.LookPath(t.initdb()); err != nil {
		return tools{}, err
	}
	output, err := combined(identity{}.command(ctx, t.postgres(), "--version"))
	if err != nil {
		return tools{}, err
	}
	match := versionPattern.FindStringSubmatch(output)
	if match == nil {
		return tools{}, fmt.Errorf("%s tells no version: %q", t.postgres(), output)
	}
	t.major, err = strconv.Atoi(match[1])
	return t, err
}

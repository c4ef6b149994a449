package store_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"effigate/infra/eventstore/embedded/store"
)

// acknowledged is the oracle of all tests here: what the store has promised.
type acknowledged struct {
	mu      sync.Mutex
	batches map[string]store.Appended
}

func newOracle() *acknowledged { return &acknowledged{batches: map[string]store.Appended{}} }

func (a *acknowledged) add(name string, appended store.Appended) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.batches[name] = appended
}

func (a *acknowledged) snapshot() map[string]store.Appended {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.batches)
}

// check opens what a crash has left: every promise is kept, every batch is there whole or not at all, and the chain,
// the index and the mirrored head agree.
func check(fs vfs.FS, promised map[string]store.Appended) error {
	s, err := store.Open(small(fs))
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { _ = s.Close() }()
	found, parts, sizes := map[string]store.Appended{}, map[string]int{}, map[string]int{}
	for e, err := range s.Scan(bounded(), 0) {
		if err != nil {
			return fmt.Errorf("scan: %w", err)
		}
		fields := strings.SplitN(string(e.Data), "/", 4)
		if len(fields) < 4 {
			continue // Metadata and tombstones.
		}
		part, _ := strconv.Atoi(fields[1])
		if parts[fields[0]] != part {
			return fmt.Errorf("batch %s: part %d where %d was due", fields[0], part, parts[fields[0]])
		}
		parts[fields[0]]++
		sizes[fields[0]], _ = strconv.Atoi(fields[2])
		found[fields[0]] = store.Appended{Revision: int64(e.Revision), Position: e.Position}
	}
	for name, size := range sizes {
		if parts[name] != size {
			return fmt.Errorf("batch %s has %d of %d events", name, parts[name], size)
		}
	}
	for name, appended := range promised {
		if found[name] != appended {
			return fmt.Errorf("batch %s: promised %+v, found %+v", name, appended, found[name])
		}
	}
	if _, err := s.Verify(bounded()); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	_, err = s.Append(bounded(), "after", store.Any, batch("after", 1, 0))
	return err
}

// load appends from several writers at once, in batches of several sizes, with deletions and tombstones between.
func load(s *store.Store, oracle *acknowledged, seed uint64, appends int) {
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(w)))
			for i := range appends {
				stream := "s" + strconv.Itoa(random.IntN(6))
				switch random.IntN(20) {
				case 0:
					_, _ = s.Delete(bounded(), stream, store.Any)
				case 1:
					_, _ = s.Tombstone(bounded(), fmt.Sprintf("end%d-%d", w, i), store.Any)
				}
				name := fmt.Sprintf("%d-%d", w, i)
				appended, err := s.Append(bounded(), stream, store.Any, batch(name, 1+random.IntN(4), random.IntN(900)))
				if err == nil {
					oracle.add(name, appended)
				}
			}
		})
	}
	writers.Wait()
}

// Power is lost before every single operation on the file system, and in every third case once more while the store
// recovers. What was not synced survives wholly, in parts, or not.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	appends, seeds := 100, uint64(4) // some 2,600 crashes
	switch {
	case testing.Short():
		appends, seeds = 20, 2
	case os.Getenv("EFFIGATE_TORTURE") != "":
		appends, seeds = 150, 12
	}
	for seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			memory, oracle := vfs.NewCrashableMem(), newOracle()
			var mu sync.Mutex // one crash at a time
			random := rand.New(rand.NewPCG(seed, 99))
			crashes := 0
			fs := errorfs.Wrap(memory, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if reads(op.Kind) || t.Failed() {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				promised := oracle.snapshot()
				crashed := memory.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * random.IntN(3), RNG: random})
				if crashes++; crashes%3 == 0 {
					crashed = crashAgain(crashed, random)
				}
				if err := check(crashed, promised); err != nil {
					t.Errorf("crash %d, before %v of %s: %v", crashes, op.Kind, op.Path, err)
				}
				return nil
			}))
			s, err := store.Open(small(fs))
			if err != nil {
				t.Fatal(err)
			}
			load(s, oracle, seed, appends)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			t.Logf("%d crashes, %d batches acknowledged", crashes, len(oracle.batches))
		})
	}
}

// crashAgain recovers from a crash, loses power at a random operation on the way, and returns what that leaves.
func crashAgain(memory *vfs.MemFS, random *rand.Rand) *vfs.MemFS {
	var left atomic.Int32
	left.Store(int32(random.IntN(40)))
	var again atomic.Pointer[vfs.MemFS]
	fs := errorfs.Wrap(memory, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !reads(op.Kind) && left.Add(-1) == 0 {
			again.Store(memory.CrashClone(vfs.CrashCloneCfg{}))
		}
		return nil
	}))
	if s, err := store.Open(small(fs)); err == nil {
		_ = s.Close()
	}
	if clone := again.Load(); clone != nil {
		return clone
	}
	return memory.CrashClone(vfs.CrashCloneCfg{})
}

func reads(kind errorfs.OpKind) bool {
	switch kind {
	case errorfs.OpOpen, errorfs.OpOpenDir, errorfs.OpList, errorfs.OpStat, errorfs.OpGetDiskUsage, errorfs.OpFileClose,
		errorfs.OpFileRead, errorfs.OpFileReadAt, errorfs.OpFileStat, errorfs.OpLock, errorfs.OpFilePreallocate:
		return true
	default:
		return false
	}
}

// Every single write, sync, creation and renaming fails, once or for good. The store refuses or goes on, but what it has
// acknowledged is there after a loss of power.
func TestFailingDisk(t *testing.T) {
	t.Parallel()
	for _, forGood := range []bool{false, true} {
		t.Run(fmt.Sprintf("for good %v", forGood), func(t *testing.T) {
			t.Parallel()
			stopped := 0
			for n := int32(1); ; n++ {
				memory, oracle := vfs.NewCrashableMem(), newOracle()
				var operations atomic.Int32
				fs := errorfs.Wrap(memory, errorfs.InjectorFunc(func(op errorfs.Op) error {
					if reads(op.Kind) {
						return nil
					}
					if at := operations.Add(1); at == n || forGood && at > n {
						return errorfs.ErrInjected
					}
					return nil
				}))
				// One large table in memory: Pebble ends the process where it cannot rotate its log.
				o := store.Options{Dir: "/data", FS: fs, CacheBytes: 1 << 20}
				s, err := store.Open(o)
				if err == nil {
					for i := range 40 {
						name := strconv.Itoa(i)
						if appended, err := s.Append(bounded(), "s", store.Any, batch(name, 2, 50)); err == nil {
							oracle.add(name, appended)
						} else if !errors.Is(err, store.ErrStopped) || s.Err() == nil {
							t.Fatalf("operation %d: refused with %v, stopped with %v", n, err, s.Err())
						}
					}
					if s.Err() != nil {
						stopped++
					}
					_ = s.Close()
				}
				if err := check(memory.CrashClone(vfs.CrashCloneCfg{}), oracle.snapshot()); err != nil {
					t.Fatalf("operation %d: %v", n, err)
				}
				if operations.Load() < n {
					t.Logf("%d operations, stopped in %d cases", n-1, stopped)
					if stopped < 40 {
						t.Error("the failures did not reach the appends")
					}
					return
				}
			}
		})
	}
}

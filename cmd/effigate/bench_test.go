package main

// The benchmarks of `make bench`. Each compares the product with references that it measures in the same
// run, in turns, so that what slows the machine slows both. They print a table, write var/bench/<name>.json
// and never fail for being slow: the figures of a machine are no property of the code.
//
// They work on a data directory of their own beside the results, on the disk that the product would use:
// the folder for temporary files is memory on some systems. A benchmark runs for longer than a second
// whatever b.N says, so the testing package calls it once.

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"effigate/domain"
	"effigate/infra/postgres"
)

// benchResults is where results and the data of benchmarks are.
const benchResults = "../../var/bench"

// benchQuick asks for sizes that show that a benchmark works, in seconds; its figures say little.
func benchQuick() bool { return os.Getenv("EFFIGATE_BENCH_SIZE") == "quick" }

// sized is full, or quick when that was asked for.
func sized[N any](full, quick N) N {
	if benchQuick() {
		return quick
	}
	return full
}

// benchEvents is how long the history of a rebuild is.
func benchEvents(b *testing.B) int {
	b.Helper()
	return benchNumber(b, "EFFIGATE_BENCH_EVENTS", sized(1_000_000, 100_000))
}

// benchNumber is a size that a variable gives, else the usual one.
func benchNumber(b *testing.B, variable string, usual int) int {
	b.Helper()
	given := os.Getenv(variable)
	if given == "" {
		return usual
	}
	number, err := strconv.Atoi(given)
	if err != nil || number < 1000 {
		b.Fatalf("%s is %q; it must be a number from 1000 on", variable, given)
	}
	return number
}

// finding is one thing that was measured, once per round.
type finding struct {
	workload  string
	unit      string // of ours and the reference
	against   string // what the reference is; empty: there is none
	ours      []float64
	reference []float64 // by round, like ours
	goal      goal
}

// goal is what a finding should reach; the zero goal is none.
type goal struct {
	text string
	met  func(f finding) bool
}

func ratioAtLeast(least float64) goal {
	return goal{fmt.Sprintf("ratio ≥ %g", least), func(f finding) bool { return median(f.ratios()) >= least }}
}

func ratioAtMost(most float64) goal {
	return goal{fmt.Sprintf("ratio ≤ %g", most), func(f finding) bool { return median(f.ratios()) <= most }}
}

func atLeast(least float64) goal {
	return goal{fmt.Sprintf("≥ %g", least), func(f finding) bool { return median(f.ours) >= least }}
}

func atMost(most float64) goal {
	return goal{fmt.Sprintf("≤ %g", most), func(f finding) bool { return median(f.ours) <= most }}
}

// ratios are ours over the reference, round by round.
func (f finding) ratios() []float64 {
	ratios := make([]float64, len(f.reference))
	for i := range ratios {
		ratios[i] = f.ours[i] / f.reference[i]
	}
	return ratios
}

// spread is the least and the greatest of some rounds.
type spread struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// benchReport is a finding as it is written: the medians of its rounds. What there is no reference or goal
// for is null.
type benchReport struct {
	Bench     string            `json:"bench"`
	Workload  string            `json:"workload"`
	Unit      string            `json:"unit"`
	Ours      float64           `json:"ours"`
	Against   string            `json:"against,omitempty"`
	Reference *float64          `json:"reference"`
	Ratio     *float64          `json:"ratio"`
	Goal      *string           `json:"goal"`
	Met       *bool             `json:"met"`
	Rounds    int               `json:"rounds"`
	Spread    map[string]spread `json:"spread"` // of ours, reference and ratio
}

func (f finding) report(bench string) benchReport {
	r := benchReport{
		Bench: bench, Workload: f.workload, Unit: f.unit, Ours: median(f.ours), Against: f.against,
		Rounds: len(f.ours), Spread: map[string]spread{"ours": spreadOf(f.ours)},
	}
	if len(f.reference) > 0 {
		r.Reference, r.Ratio = new(median(f.reference)), new(median(f.ratios()))
		r.Spread["reference"], r.Spread["ratio"] = spreadOf(f.reference), spreadOf(f.ratios())
	}
	if f.goal.met != nil {
		r.Goal, r.Met = &f.goal.text, new(f.goal.met(f))
	}
	return r
}

// conclude prints the findings and writes var/bench/<bench>.json: an object with the fields of one
// finding, the first that misses its goal if any does, and all of them.
func conclude(b *testing.B, bench string, versions map[string]string, findings ...finding) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // Says nothing here.
	reports := make([]benchReport, len(findings))
	for i, f := range findings {
		reports[i] = f.report(bench)
	}
	file := struct {
		benchReport
		Versions map[string]string `json:"versions"`
		Findings []benchReport     `json:"findings"`
	}{reports[0], versions, reports}
	if i := slices.IndexFunc(reports, func(r benchReport) bool { return r.Met != nil && !*r.Met }); i >= 0 {
		file.benchReport = reports[i]
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(benchResults, bench+".json"), append(text, '\n'), 0o644)
	}
	if err := errors.Join(err, printFindings(b, versions, reports)); err != nil {
		b.Error(err)
	}
}

func printFindings(b *testing.B, versions map[string]string, reports []benchReport) error {
	b.Helper()
	table := tabwriter.NewWriter(b.Output(), 0, 0, 2, ' ', 0)
	line := func(cells ...string) {
		_, _ = fmt.Fprintln(table, strings.Join(cells, "\t")) // Flush tells.
	}
	line("WORKLOAD", "OURS", "", "AGAINST", "REFERENCE", "", "RATIO", "", "GOAL", "MET")
	for _, r := range reports {
		cells := []string{r.Workload, figure(r.Ours) + " " + r.Unit, r.Spread["ours"].String(), r.Against}
		if r.Reference != nil {
			cells = append(cells, figure(*r.Reference), r.Spread["reference"].String(), figure(*r.Ratio), r.Spread["ratio"].String())
		} else {
			cells = append(cells, "", "", "", "")
		}
		if r.Met != nil {
			cells = append(cells, *r.Goal, map[bool]string{true: "yes", false: "NO"}[*r.Met])
		}
		line(cells...)
	}
	var with []string
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		with = append(with, name+" "+versions[name])
	}
	line("medians of their rounds [least–greatest]; with " + strings.Join(with, ", "))
	return table.Flush()
}

func (s spread) String() string { return "[" + figure(s.Min) + "–" + figure(s.Max) + "]" }

// figure writes three digits of what is small and no fractions of what is large.
func figure(value float64) string {
	if math.Abs(value) >= 100 {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	return strconv.FormatFloat(value, 'g', 3, 64)
}

func spreadOf(rounds []float64) spread {
	return spread{Min: slices.Min(rounds), Max: slices.Max(rounds)}
}

func median(rounds []float64) float64 { return quantile(rounds, 0.5) }

// quantile is the value that the share of all lie below, between the two nearest.
func quantile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	ordered := slices.Sorted(slices.Values(values))
	place := share * float64(len(ordered)-1)
	below := int(place)
	above := min(below+1, len(ordered)-1)
	return ordered[below] + (place-float64(below))*(ordered[above]-ordered[below])
}

// benchVersions says what was measured, and on what.
func benchVersions(b *testing.B, database *postgres.Database) map[string]string {
	b.Helper()
	versions := map[string]string{
		"effigate": version(), "go": runtime.Version(), "cpus": strconv.Itoa(runtime.GOMAXPROCS(0)), "size": sized("full", "quick"),
	}
	var system unix.Utsname
	if unix.Uname(&system) == nil {
		versions["kernel"] = unix.ByteSliceToString(system.Release[:])
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			for _, name := range []string{"EventStore-Client-Go", "pebble", "pgx", "grpc"} {
				if strings.Contains(module.Path, "/"+name) {
					versions[name] = module.Version
				}
			}
		}
	}
	if database != nil {
		var server string
		if err := database.Pool.QueryRow(b.Context(), `SHOW server_version`).Scan(&server); err != nil {
			b.Fatal(err)
		}
		versions["postgres"], _, _ = strings.Cut(server, " ")
	}
	return versions
}

// benchFolder makes an empty folder for one benchmark, which root's Postgres, another user, may pass.
func benchFolder(b *testing.B) string {
	b.Helper()
	results, err := filepath.Abs(benchResults)
	if err == nil {
		err = os.MkdirAll(results, 0o755)
	}
	var folder string
	if err == nil {
		folder, err = os.MkdirTemp(results, "data-") //nolint:usetesting // b.TempDir may be in memory
	}
	if err == nil {
		b.Cleanup(func() {
			if err := os.RemoveAll(folder); err != nil {
				b.Error(err)
			}
		})
		err = os.Chmod(folder, 0o711)
	}
	if err != nil {
		b.Fatal(err)
	}
	return folder
}

// benchWorld is what a first run opens: the embedded node and two private databases in the folder.
func benchWorld(b *testing.B, folder string) *world {
	b.Helper()
	const free = "127.0.0.1:0"
	s := &settings{Data: folder, PortalAddr: free, ConsoleAddr: free, AdminAddr: free, LogLevel: "error"}
	w, err := openWorld(b.Context(), s, slog.LevelError)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := w.close(); err != nil {
			b.Error(err)
		}
	})
	return w
}

// beside runs something until stop is called, or the benchmark ends.
func beside(b *testing.B, run func(context.Context) error) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := ignoreCanceled(<-ended); err != nil {
			b.Error(err)
		}
	})
	b.Cleanup(stop)
	return stop
}

// benchPoll is how often a benchmark looks for what it cannot be told of.
const benchPoll = 20 * time.Millisecond

// until looks until something is so.
func until(ctx context.Context, so func(context.Context) (bool, error)) error {
	ticker := time.NewTicker(benchPoll)
	defer ticker.Stop()
	for {
		if is, err := so(ctx); is || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// caughtUp waits until both read models show everything that is in the log now.
func (w *world) caughtUp(ctx context.Context) error {
	head, err := w.store.Head(ctx)
	if err != nil {
		return err
	}
	for _, database := range []*postgres.Database{w.client.database, w.staff.database} {
		err := until(ctx, func(ctx context.Context) (bool, error) {
			live, err := liveGeneration(ctx, database)
			return live.Position.Compare(head) >= 0, err
		})
		if err != nil {
			return fmt.Errorf("%s read model: %w", database.Side, err)
		}
	}
	return nil
}

// liveGeneration is the one that is read; the zero one when there is none yet.
func liveGeneration(ctx context.Context, database *postgres.Database) (postgres.GenerationInfo, error) {
	generations, err := database.Generations(ctx)
	for _, g := range generations {
		if g.State == "live" {
			return g, err
		}
	}
	return postgres.GenerationInfo{}, err
}

// throughput is how often per second the workers do something, one after the other each, within a time.
func throughput(ctx context.Context, workers int, within time.Duration, do func(ctx context.Context, worker, i int) error) (float64, error) {
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for worker := range workers {
		group.Go(func() error {
			for i := 0; time.Since(began) < within; i++ {
				if err := do(ctx, worker, i); err != nil {
					return err
				}
				done.Add(1)
			}
			return nil
		})
	}
	err := group.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), err
}

// maxUnderWay bounds what a steady load has begun and not ended. A machine that is too slow for the load
// begins late then, which counts as a part of the time taken.
const maxUnderWay = 512

// steady does something so many times at a steady rate per second, and waits for all of it. due is when
// each should begin.
func steady(ctx context.Context, times int, rate float64, do func(ctx context.Context, i int, due time.Time) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxUnderWay)
	began := time.Now()
	for i := range times {
		due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		timer := time.NewTimer(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return cmp.Or(group.Wait(), ctx.Err())
		}
		group.Go(func() error { return do(ctx, i, due) })
	}
	return group.Wait()
}

// timings are measurements that many goroutines add to.
type timings struct {
	mu     sync.Mutex
	values []float64
}

func (s *timings) add(value float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = append(s.values, value)
}

// since adds the time that has passed, in milliseconds.
func (s *timings) since(began time.Time) {
	s.add(float64(time.Since(began)) / float64(time.Millisecond))
}

// benchChance is chance that is the same in every run.
func benchChance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// benchAt is when the stories of the benchmarks begin.
var benchAt = time.Date(2025, time.January, 6, 8, 0, 0, 0, time.UTC)

// benchID is an id that is the same in every run.
func benchID(names ...string) domain.CommandID {
	return domain.CommandID{UUID: domain.Derive(demoSpace, append([]string{"bench"}, names...)...)}
}

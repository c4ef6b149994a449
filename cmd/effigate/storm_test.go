package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The size of the storm of logins.
const (
	stormRate   = 1000 // attempts a second
	stormLasts  = 4 * time.Second
	stormMemory = 512 << 20 // bytes of heap that the process may need in it
)

// Logins of a thousand addresses a second, from as many places, neither starve those who are logged in nor
// exhaust the memory: passwords are hashed a few at a time and the rest is told to come back.
func TestAStormOfLoginsDisturbsNobody(t *testing.T) {
	t.Parallel()
	demo := spawnDemo(t, "EFFIGATE_TRUSTED_PROXIES=127.0.0.1")
	reader := demo.People[len(demo.People)-1]
	browser := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: stormRate}}
	defer browser.CloseIdleConnections()
	read := func(took *timings) {
		defer took.since(time.Now())
		got, err := send(t.Context(), demo.Portal, http.MethodGet, "/api/client/v1/overview", reader.APIKey, "", nil)
		if err != nil || got.Status != http.StatusOK {
			t.Errorf("a read is answered %d %s, %v", got.Status, got.Body, err)
		}
	}
	before, during := &timings{}, &timings{}
	for range 200 {
		read(before)
	}
	ctx, cancel := context.WithTimeout(t.Context(), stormLasts)
	defer cancel()
	answers, heap := map[int]int{}, 0
	var mu sync.Mutex
	var blowing sync.WaitGroup
	blowing.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Duration(n)*time.Second/stormRate - time.Since(startOf(ctx, stormLasts))):
			}
			blowing.Go(func() {
				status := attemptLogin(context.WithoutCancel(ctx), browser, demo.Portal, n)
				mu.Lock()
				defer mu.Unlock()
				answers[status]++
			})
		}
	})
	for ctx.Err() == nil {
		read(during)
		heap = max(heap, heapOf(t, demo.Admin))
	}
	blowing.Wait()
	heap = max(heap, heapOf(t, demo.Admin))
	t.Logf("attempts by answer: %v; p99 of reads %.1f times that before (%d reads during); %d MiB of heap",
		answers, quantile(during.values, 0.99)/quantile(before.values, 0.99), len(during.values), heap>>20)
	if heap > stormMemory || heap == 0 {
		t.Errorf("the process needed %d bytes of heap", heap)
	}
	for status := range answers {
		switch status {
		case http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		default:
			t.Errorf("%d attempts were answered %d", answers[status], status)
		}
	}
	if session := logIn(t, demo.Portal, reader.Email, reader.Password); session == "" {
		t.Error("after the storm the right password is refused")
	}
}

// startOf is when a context of that length began.
func startOf(ctx context.Context, length time.Duration) time.Time {
	deadline, _ := ctx.Deadline()
	return deadline.Add(-length)
}

// attemptLogin tries one address with one password from one place, and gives the status.
func attemptLogin(ctx context.Context, browser *http.Client, base string, n int) int {
	form := url.Values{"email": {fmt.Sprintf("nobody%d@nowhere.example", n)}, "password": {fmt.Sprintf("wrong password %d", n)}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255))
	got, err := browser.Do(r)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, got.Body)
	_ = got.Body.Close()
	return got.StatusCode
}

var heapInUse = regexp.MustCompile(`(?m)^go_memstats_heap_inuse_bytes (\S+)$`)

// heapOf asks a process how much heap it uses, in bytes.
func heapOf(t *testing.T, admin string) int {
	t.Helper()
	got, err := send(t.Context(), admin, http.MethodGet, "/metrics", "", "", nil)
	if err != nil {
		t.Errorf("metrics: %v", err)
		return 0
	}
	match := heapInUse.FindStringSubmatch(got.Body)
	if match == nil {
		t.Fatalf("no heap in %s", got.Body)
	}
	bytes, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return int(bytes)
}

package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"effigate/domain"
	"effigate/infra/outside"
)

// The bounds of sending.
const (
	sendTime       = 10 * time.Second // for a receiver to answer
	senders        = 32               // attempts at once on one side; of one endpoint there is one
	maxAnswer      = 64 << 10         // bytes of an answer that are read
	maxKept        = 200              // characters of it that the log keeps
	look           = 2 * time.Second  // between two looks for what is due that nothing announced
	staleWait      = time.Second      // before a read model that lags is asked again
	settleTime     = 5 * time.Second  // for taking a delivery, and for writing down what became of it
	routerShutdown = 20 * time.Second // longer than to take one and give it back
	pruneEvery     = time.Hour
)

// What a Render may say beside the data.
var (
	// ErrGone says that the receiver may not see any more what a delivery is about: it is not sent.
	ErrGone = errors.New("its receiver does not see it any more")
	// ErrNotYet says that the read model has not got as far as the fact.
	ErrNotYet = errors.New("the read model has not got there yet")
)

// Render gives the data of a body, as JSON is made of it, from what the receiver may see now.
type Render func(ctx context.Context, due Due) (data any, err error)

// Side is one side's deliveries with what writes their bodies.
type Side struct {
	Side    domain.Side
	Service *Service
	Render  Render
}

// Run sends what is due on the sides until ctx ends, and keeps their logs short. Watermill's router runs the attempts,
// so many at once; what failed is tried again by the table of deliveries, which outlives the process.
func Run(ctx context.Context, logger *slog.Logger, sides ...Side) error {
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: routerShutdown}, watermill.NewSlogLogger(logger))
	if err != nil {
		return fmt.Errorf("make the router of webhooks: %w", err)
	}
	router.AddMiddleware(middleware.Recoverer)
	var pruning sync.WaitGroup
	defer pruning.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, side := range sides {
		p := newPost(side, logger)
		defer p.client.CloseIdleConnections()
		name := "webhooks of " + string(side.Side)
		router.AddConsumerHandler(name, name, p, p.deliver)
		pruning.Go(func() { p.prune(ctx) })
	}
	if err := router.Run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("run the router of webhooks: %w", err)
	}
	return nil
}

// post is one side's deliveries as Watermill sees them: a subscriber that hands out what is due.
type post struct {
	Side
	client *http.Client
	logger *slog.Logger
}

func newPost(side Side, logger *slog.Logger) *post {
	transport := outside.NewTransport(sendTime, side.Service.options.Loopback)
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = senders, 1
	transport.MaxResponseHeaderBytes, transport.DisableCompression = maxAnswer, true
	return &post{
		Side: side, logger: logger,
		client: &http.Client{Transport: transport, Timeout: sendTime, CheckRedirect: outside.RefuseRedirect},
	}
}

// dueKey finds the delivery in a message's context.
type dueKey struct{}

// Subscribe hands out what is due, until ctx ends and every delivery that is out is done with.
func (p *post) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	messages := make(chan *message.Message)
	go func() {
		defer close(messages)
		var out sync.WaitGroup
		defer out.Wait()
		slots := make(chan struct{}, senders)
		for ctx.Err() == nil {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			msg, err := p.next(ctx)
			if err != nil && ctx.Err() == nil {
				p.logger.WarnContext(ctx, "deliveries cannot be read and are tried again", slog.String("side", string(p.Side.Side)), slog.Any("error", err))
			}
			if msg == nil {
				<-slots
				p.wait(ctx)
				continue
			}
			out.Go(func() {
				defer func() { <-slots }()
				p.hand(msg, messages)
			})
		}
	}()
	return messages, nil
}

// next makes a message of the delivery that is due for longest; nil when none is. What is asked for is not called off
// when ctx ends: the database could take a delivery all the same, and nobody would know to give it back.
func (p *post) next(ctx context.Context) (*message.Message, error) {
	asking, cancel := outliving(ctx)
	defer cancel()
	due, ok, err := p.Service.take(asking)
	if err != nil || !ok {
		return nil, err
	}
	return message.NewMessageWithContext(context.WithValue(ctx, dueKey{}, due), due.ID.String(), nil), nil
}

// outliving is a context for what must be carried through though ctx ends, with a bound.
func outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTime)
}

// hand gives a message out and waits until it is done with, though ctx ends meanwhile: then its attempt breaks off by
// itself, and the router doesn't wait for a message that is still on its way.
func (p *post) hand(msg *message.Message, messages chan<- *message.Message) {
	messages <- msg
	select {
	case <-msg.Acked():
	case <-msg.Nacked(): // What became of it could not be written down; the lease gives it back.
	}
	p.Service.nudge() // Its endpoint is free.
}

// wait waits until something may be due, or until ctx ends.
func (p *post) wait(ctx context.Context) {
	timer := time.NewTimer(look)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-p.Service.wake:
	}
}

// Close has nothing to end: what Subscribe started ends with its context.
func (p *post) Close() error { return nil }

// deliver makes one attempt, and writes down what became of it even when the process is about to end.
func (p *post) deliver(msg *message.Message) error {
	due, ok := msg.Context().Value(dueKey{}).(Due)
	if !ok {
		return fmt.Errorf("message %s carries no delivery", msg.UUID)
	}
	var r result
	body, err := p.body(msg.Context(), due)
	if err == nil {
		r = p.send(msg.Context(), due, body)
	}
	ctx, cancel := outliving(msg.Context())
	defer cancel()
	switch {
	case errors.Is(err, ErrGone):
		return p.Service.void(ctx, due)
	case errors.Is(err, ErrNotYet):
		return p.Service.postpone(ctx, due, p.Service.now().Add(staleWait))
	case (err != nil || r.err != "") && msg.Context().Err() != nil:
		return p.Service.postpone(ctx, due, p.Service.now())
	case err != nil:
		return errors.Join(err, p.Service.postpone(ctx, due, p.Service.now().Add(lease)))
	}
	if r.err != "" {
		p.logger.WarnContext(ctx, "a webhook was not taken", slog.String("side", string(p.Side.Side)), slog.String("delivery_id", due.ID.String()),
			slog.String("webhook_id", due.endpoint.String()), slog.Int("attempt", due.Attempt), slog.Int("status", r.code))
	}
	return p.Service.settle(ctx, due, r)
}

func (p *post) body(ctx context.Context, due Due) ([]byte, error) {
	var data any = struct{}{}
	if due.Kind != Test {
		var err error
		if data, err = p.Render(ctx, due); err != nil {
			return nil, err
		}
	}
	return encode(due.Kind, due.At, data)
}

// send posts a body and reads the beginning of the answer.
func (p *post) send(ctx context.Context, due Due, body []byte) result {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, due.url, bytes.NewReader(body))
	if err != nil {
		return result{err: "the address cannot be used"}
	}
	at := p.Service.now()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Effigate-Webhooks/1")
	request.Header.Set(headerID, due.ID.String())
	request.Header.Set(headerTimestamp, strconv.FormatInt(at.Unix(), 10))
	request.Header.Set(headerSignature, sign(due.ID.String(), at, body, due.secrets))
	answer, err := p.client.Do(request)
	if err != nil {
		return result{err: reason(err)}
	}
	defer func() { _ = answer.Body.Close() }()
	// An answer that breaks off has still said by its status whether the webhook was taken.
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	r := result{code: answer.StatusCode, answer: beginning(text)}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		r.err = "the receiver answered " + strconv.Itoa(answer.StatusCode)
	}
	return r
}

// reason says why there was no answer, and nothing about our own network.
func reason(err error) string {
	var name *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, outside.ErrInside), errors.As(err, &name): // Nor which names our own resolver knows.
		return outside.ErrInside.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "there was no answer within 10 seconds"
	case strings.Contains(err.Error(), "tls:") || strings.Contains(err.Error(), "x509:"):
		return "the receiver's certificate or TLS was not accepted"
	default:
		return "the connection failed"
	}
}

// beginning is what the log keeps of an answer: text that any database holds.
func beginning(answer []byte) string {
	text := strings.ReplaceAll(strings.ToValidUTF8(string(answer), "�"), "\x00", "")
	if runes := []rune(text); len(runes) > maxKept {
		return string(runes[:maxKept])
	}
	return text
}

// jittered is a time about as long, so that what failed together doesn't come again together.
func jittered(pause time.Duration) time.Duration {
	return pause - pause/10 + rand.N(pause/5)
}

// prune keeps the log short until ctx ends.
func (p *post) prune(ctx context.Context) {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		if err := p.Service.Prune(ctx); err != nil && ctx.Err() == nil {
			p.logger.WarnContext(ctx, "old deliveries are removed later", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

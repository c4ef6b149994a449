package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/web/portal"
)

const (
	// patience bounds a command with all its repeats; a request's own deadline may come sooner.
	patience = 10 * time.Second
	// firstPause and longestPause are between two tries.
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

// Client sends the commands of a portal to the endpoint of another process. It may be used from many
// goroutines.
type Client struct {
	base  string
	token string
	http  *http.Client
}

var _ portal.Commands = (*Client)(nil)

// NewClient takes the endpoint's URL and the token by which this process proves itself there. It connects to
// that host and to no proxy, and follows no redirection: the token goes nowhere else.
func NewClient(url, token string) *Client {
	return &Client{
		base: strings.TrimSuffix(url, "/") + path, token: token,
		http: &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext:           (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
				TLSHandshakeTimeout:   2 * time.Second,
				ResponseHeaderTimeout: patience,
				MaxIdleConnsPerHost:   64,
				MaxConnsPerHost:       256,
				IdleConnTimeout:       time.Minute,
			},
		},
	}
}

// send asks the endpoint until it answers or time is up. A command acts once however often it arrives, so a
// try of unknown outcome is repeated as it is. Without an answer the error wraps domain.ErrUnavailable.
func (c *Client) send(ctx context.Context, name string, r portal.Request, a arguments) (portal.Answer, error) {
	text, err := json.Marshal(callOf(r, a))
	if err != nil {
		return portal.Answer{}, fmt.Errorf("encode the command %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		said, err := c.try(ctx, name, "application/json", bytes.NewReader(text))
		if err == nil {
			return said.answer()
		}
		if !errors.Is(err, domain.ErrUnavailable) {
			return portal.Answer{}, err
		}
		select {
		case <-ctx.Done():
			return portal.Answer{}, fmt.Errorf("%w: the command endpoint did not answer: %w", domain.ErrUnavailable, err)
		case <-time.After(pause/2 + rand.N(pause/2)):
		}
	}
}

// callOf is a request as it crosses.
func callOf(r portal.Request, a arguments) call {
	return call{
		Kind: r.Credential.Kind, Credential: r.Credential.Token,
		Route: r.Route, Key: r.Key, Body: r.Body, Traceparent: r.Traceparent, Arguments: a,
	}
}

// try sends the command once. It wraps domain.ErrUnavailable for what another try may mend.
func (c *Client) try(ctx context.Context, name, media string, body io.Reader) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+name, body)
	if err != nil {
		return reply{}, fmt.Errorf("ask the command endpoint: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", media)
	got, err := c.http.Do(r)
	if err != nil {
		return reply{}, fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
	}
	defer got.Body.Close() //nolint:errcheck // it was only read
	answer, err := io.ReadAll(io.LimitReader(got.Body, maxAnswer+1))
	switch {
	case err != nil:
		return reply{}, fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
	case got.StatusCode > http.StatusInternalServerError: // Of something between, such as a load balancer.
		return reply{}, fmt.Errorf("%w: status %d", domain.ErrUnavailable, got.StatusCode)
	case got.StatusCode == http.StatusUnauthorized:
		return reply{}, errors.New("the command endpoint does not accept this process: EFFIGATE_COMMAND_TOKEN differs on the two sides")
	case got.StatusCode != http.StatusOK:
		return reply{}, fmt.Errorf("the command endpoint answers %d to %s", got.StatusCode, name)
	case len(answer) > maxAnswer:
		return reply{}, fmt.Errorf("the command endpoint answers %s with more than %d bytes", name, maxAnswer)
	}
	var said reply
	if err := json.Unmarshal(answer, &said); err != nil {
		return reply{}, fmt.Errorf("read the command endpoint's answer to %s: %w", name, err)
	}
	return said, nil
}

// RaiseTicket implements portal.Commands, as do the methods below.
func (c *Client) RaiseTicket(ctx context.Context, r portal.Request, t portal.RaiseTicket) (portal.Answer, error) {
	return c.send(ctx, raiseTicket, r, arguments{Raise: new(raise(t))})
}

// CommentOnTicket writes a visible comment.
func (c *Client) CommentOnTicket(ctx context.Context, r portal.Request, ticket uuid.UUID, said portal.Comment) (portal.Answer, error) {
	return c.send(ctx, commentOnTicket, r, arguments{Ticket: ticket, Text: said.Text, Mentions: said.Mentions})
}

// EditComment changes a comment of the actor's own.
func (c *Client) EditComment(ctx context.Context, r portal.Request, ticket, comment uuid.UUID, said portal.Comment) (portal.Answer, error) {
	return c.send(ctx, editComment, r, arguments{Ticket: ticket, Comment: comment, Text: said.Text, Mentions: said.Mentions})
}

// DeleteComment leaves a tombstone in the place of a comment of the actor's own.
func (c *Client) DeleteComment(ctx context.Context, r portal.Request, ticket, comment uuid.UUID) (portal.Answer, error) {
	return c.send(ctx, deleteComment, r, arguments{Ticket: ticket, Comment: comment})
}

// ReopenTicket reopens with a visible comment.
func (c *Client) ReopenTicket(ctx context.Context, r portal.Request, ticket uuid.UUID, text string) (portal.Answer, error) {
	return c.send(ctx, reopenTicket, r, arguments{Ticket: ticket, Text: text})
}

// AnswerEstimate answers an estimate of work that was not bought.
func (c *Client) AnswerEstimate(ctx context.Context, r portal.Request, ticket uuid.UUID, a portal.EstimateAnswer) (portal.Answer, error) {
	return c.send(ctx, answerEstimate, r, arguments{Ticket: ticket, Estimate: new(estimate(a))})
}

// AcceptProposal agrees for the organisation.
func (c *Client) AcceptProposal(ctx context.Context, r portal.Request, p portal.Proposal, a portal.Agreement) (portal.Answer, error) {
	return c.send(ctx, acceptProposal, r, arguments{Proposal: new(proposal(p)), Agreement: new(agreement(a))})
}

// DeclineProposal refuses for the organisation.
func (c *Client) DeclineProposal(ctx context.Context, r portal.Request, p portal.Proposal, reason string) (portal.Answer, error) {
	return c.send(ctx, declineProposal, r, arguments{Proposal: new(proposal(p)), Text: reason})
}

// AnswerOverage answers a request for more hours.
func (c *Client) AnswerOverage(ctx context.Context, r portal.Request, a portal.OverageAnswer) (portal.Answer, error) {
	return c.send(ctx, answerOverage, r, arguments{Overage: new(overage(a))})
}

// ObjectToLine objects to a line of an invoice.
func (c *Client) ObjectToLine(ctx context.Context, r portal.Request, o portal.Objection) (portal.Answer, error) {
	return c.send(ctx, objectToLine, r, arguments{Objection: new(objection(o))})
}

// WithdrawDispute takes an objection back.
func (c *Client) WithdrawDispute(ctx context.Context, r portal.Request, invoice, dispute uuid.UUID) (portal.Answer, error) {
	return c.send(ctx, withdrawDispute, r, arguments{Invoice: invoice, Dispute: dispute})
}

// InviteEmployee begins a client employee.
func (c *Client) InviteEmployee(ctx context.Context, r portal.Request, person uuid.UUID) (portal.Answer, error) {
	return c.send(ctx, inviteEmployee, r, arguments{Person: person})
}

// DeactivateEmployee ends a client employee's standing.
func (c *Client) DeactivateEmployee(ctx context.Context, r portal.Request, person uuid.UUID) (portal.Answer, error) {
	return c.send(ctx, deactivateEmployee, r, arguments{Person: person})
}

// GiveGrant gives a client employee a right.
func (c *Client) GiveGrant(ctx context.Context, r portal.Request, person uuid.UUID, grant string) (portal.Answer, error) {
	return c.send(ctx, giveGrant, r, arguments{Person: person, Grant: grant})
}

// WithdrawGrant takes a right back.
func (c *Client) WithdrawGrant(ctx context.Context, r portal.Request, person uuid.UUID, grant string) (portal.Answer, error) {
	return c.send(ctx, withdrawGrant, r, arguments{Person: person, Grant: grant})
}

// Activate records that the bearer of a session took up its invitation.
func (c *Client) Activate(ctx context.Context, r portal.Request) (portal.Answer, error) {
	return c.send(ctx, activate, r, arguments{})
}

// Join begins whom single sign-on has proved.
func (c *Client) Join(ctx context.Context, r portal.Request) (portal.Answer, error) {
	return c.send(ctx, join, r, arguments{})
}

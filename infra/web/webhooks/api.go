package webhooks

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/webhook"
)

// Endpoint is an endpoint as programs read it. It is exported because it is embedded in a body.
type Endpoint struct {
	ID           uuid.UUID  `json:"id" format:"uuid"`
	URL          string     `json:"url"`
	Description  string     `json:"description"`
	Kinds        []string   `json:"kinds" nullable:"false" doc:"What it is told; empty for everything."`
	State        string     `json:"state" enum:"active,paused,failed" doc:"failed: it gave no good answer for five days, or said that it is gone, and is told nothing until it is resumed."`
	CreatedAt    time.Time  `json:"created_at"`
	FailingSince *time.Time `json:"failing_since,omitempty" doc:"Absent while its last answer was good."`
	OldUntil     *time.Time `json:"old_secret_until,omitempty" doc:"Until when the secret before the last change signs too."`
}

// Delivery is a telling as programs read it.
type Delivery struct {
	ID        uuid.UUID  `json:"id" format:"uuid" doc:"The webhook-id: the same at every attempt."`
	Kind      string     `json:"kind"`
	At        time.Time  `json:"at" doc:"When what it tells of happened."`
	State     string     `json:"state" enum:"waiting,sent,dead,void" doc:"dead: every attempt failed. void: not sent, because it may not be seen any more."`
	CreatedAt time.Time  `json:"created_at"`
	NextAt    *time.Time `json:"next_at,omitempty" doc:"When it is tried next; there while it waits."`
	Attempts  int        `json:"attempts"`
	TriedAt   *time.Time `json:"tried_at,omitempty"`
	Code      int        `json:"code,omitempty" doc:"Status of the last answer; absent when there was none."`
	Answer    string     `json:"answer" doc:"The first 200 characters of the last answer."`
	Error     string     `json:"error" doc:"Why the last attempt failed; empty when it did not."`
}

// Asked is what somebody wants an endpoint to be.
type Asked struct {
	URL         string   `json:"url" minLength:"1" maxLength:"1000" example:"https://hooks.example.org/effigate"`
	Description string   `json:"description,omitempty" maxLength:"200"`
	Kinds       []string `json:"kinds,omitempty" maxItems:"200" nullable:"false" doc:"What it is told, among those that GET /webhooks lists; leave it out for everything."`
}

func (a Asked) asked() webhook.Asked {
	return webhook.Asked{URL: a.URL, Description: a.Description, Kinds: a.Kinds}
}

type (
	pathInput struct {
		ID string `path:"id" doc:"The webhook's id, a UUID."`
	}
	listOutput struct {
		Body struct {
			Items []Endpoint `json:"items" nullable:"false" doc:"Oldest first; there are ten at most."`
			Kinds []string   `json:"kinds" nullable:"false" doc:"What can be told."`
		}
	}
	endpointOutput struct{ Body Endpoint }
	addInput       struct {
		web.Write
		Body Asked
	}
	changeInput struct {
		web.Write
		ID   string `path:"id" doc:"The webhook's id, a UUID."`
		Body Asked
	}
	actInput struct {
		web.Write
		ID string `path:"id" doc:"The webhook's id, a UUID."`
	}
	secretOutput struct {
		Body struct {
			Endpoint
			Secret string `json:"secret" doc:"What signs. It is shown by this answer alone."`
		}
	}
	idOutput struct {
		Body struct {
			ID uuid.UUID `json:"id" format:"uuid"`
		}
	}
	logInput struct {
		ID     string `path:"id" doc:"The webhook's id, a UUID."`
		Cursor string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}
	logOutput struct {
		Body struct {
			Items []Delivery `json:"items" nullable:"false" doc:"Newest first; 30 days are kept."`
			Next  string     `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
		}
	}
	againInput struct {
		web.Write
		ID       string `path:"id" doc:"The webhook's id, a UUID."`
		Delivery string `path:"delivery" doc:"The delivery's id, a UUID."`
	}
)

func (s *pages) operation(id, method, path, summary string, status int) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: s.API + Path + path, Summary: summary, DefaultStatus: status}
}

// register adds an operation for who still may.
func register[I, O any](s *pages, op huma.Operation, run func(context.Context, auth.Login, *I) (*O, error)) {
	web.Register(s.api, access.ManageWebhooks, op, func(ctx context.Context, _ domain.Actor, in *I) (*O, error) {
		login := web.LoginOf(ctx)
		if err := s.Admit(ctx, login); err != nil {
			return nil, err
		}
		return run(ctx, login, in)
	})
}

func (s *pages) mountAPI() {
	register(s, s.operation("list-webhooks", http.MethodGet, "", "Where your programs listen", http.StatusOK), s.apiList)
	register(s, s.operation("add-webhook", http.MethodPost, "", "Have a program told what happens", http.StatusCreated), s.apiAdd)
	register(s, s.operation("read-webhook", http.MethodGet, "/{id}", "One webhook", http.StatusOK), s.apiRead)
	register(s, s.operation("change-webhook", http.MethodPost, "/{id}", "Change a webhook", http.StatusOK), s.apiChange)
	register(s, s.operation("change-webhook-secret", http.MethodPost, "/{id}/secret", "Make another secret; the one before signs too for a day", http.StatusOK), s.apiRotate)
	for _, a := range acts() {
		register(s, s.operation(a.name+"-webhook", http.MethodPost, "/{id}/"+a.name, a.summary, http.StatusOK),
			func(ctx context.Context, login auth.Login, in *actInput) (*idOutput, error) {
				id, err := web.ID(in.ID)
				if err != nil {
					return nil, err
				}
				out := &idOutput{}
				out.Body.ID = id
				return out, a.run(s, ctx, login, id, in.Key)
			})
	}
	register(s, s.operation("list-deliveries", http.MethodGet, "/{id}/deliveries", "What a webhook was told, and what became of it", http.StatusOK), s.apiLog)
	register(s, s.operation("send-delivery-again", http.MethodPost, "/{id}/deliveries/{delivery}/send-again", "Send a delivery once more", http.StatusOK), s.apiAgain)
}

func (s *pages) apiList(ctx context.Context, login auth.Login, _ *struct{}) (*listOutput, error) {
	all, err := s.Service.Endpoints(ctx, login.Actor.Client)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Items, out.Body.Kinds = make([]Endpoint, len(all)), s.Service.Kinds()
	for i, endpoint := range all {
		out.Body.Items[i] = shown(endpoint)
	}
	return out, nil
}

func (s *pages) apiAdd(ctx context.Context, login auth.Login, in *addInput) (*secretOutput, error) {
	id, secret, err := s.add(ctx, login, in.Key, in.Body.asked())
	if err != nil {
		return nil, err
	}
	return s.withSecret(ctx, login, id, secret)
}

func (s *pages) apiRotate(ctx context.Context, login auth.Login, in *actInput) (*secretOutput, error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	secret, err := s.rotate(ctx, login, id, in.Key)
	if err != nil {
		return nil, err
	}
	return s.withSecret(ctx, login, id, secret)
}

func (s *pages) withSecret(ctx context.Context, login auth.Login, id uuid.UUID, secret string) (*secretOutput, error) {
	endpoint, err := s.Service.Endpoint(ctx, login.Actor.Client, id)
	if err != nil {
		return nil, err
	}
	out := &secretOutput{}
	out.Body.Endpoint, out.Body.Secret = shown(endpoint), secret
	return out, nil
}

func (s *pages) apiRead(ctx context.Context, login auth.Login, in *pathInput) (*endpointOutput, error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	endpoint, err := s.Service.Endpoint(ctx, login.Actor.Client, id)
	return &endpointOutput{Body: shown(endpoint)}, err
}

func (s *pages) apiChange(ctx context.Context, login auth.Login, in *changeInput) (*endpointOutput, error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	err = s.recorded(ctx, login, id, s.Service.Change(ctx, login.Actor.Client, id, in.Body.asked()))
	if err != nil {
		return nil, err
	}
	return s.apiRead(ctx, login, &pathInput{ID: in.ID})
}

func (s *pages) apiLog(ctx context.Context, login auth.Login, in *logInput) (*logOutput, error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	cursor, err := cursorOf(in.Cursor)
	if err != nil {
		return nil, err
	}
	if _, err := s.Service.Endpoint(ctx, login.Actor.Client, id); err != nil {
		return nil, err
	}
	all, next, err := s.Service.Deliveries(ctx, login.Actor.Client, id, cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &logOutput{}
	out.Body.Items, out.Body.Next = make([]Delivery, len(all)), cursorText(next)
	for i, d := range all {
		out.Body.Items[i] = shownDelivery(d)
	}
	return out, nil
}

func (s *pages) apiAgain(ctx context.Context, login auth.Login, in *againInput) (*idOutput, error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	delivery, err := web.ID(in.Delivery)
	if err != nil {
		return nil, err
	}
	out := &idOutput{}
	out.Body.ID = delivery
	return out, s.Service.SendAgain(ctx, login.Actor.Client, id, delivery)
}

func shown(e webhook.Endpoint) Endpoint {
	return Endpoint{
		ID: e.ID, URL: e.URL, Description: e.Description, Kinds: append([]string{}, e.Kinds...), State: string(e.State), CreatedAt: e.CreatedAt,
		FailingSince: instant(e.FailingSince), OldUntil: instant(e.OldUntil),
	}
}

func shownDelivery(d webhook.Delivery) Delivery {
	body := Delivery{
		ID: d.ID, Kind: d.Kind, At: d.At, State: d.State, CreatedAt: d.CreatedAt, Attempts: d.Attempts, TriedAt: instant(d.TriedAt),
		Code: d.Code, Answer: d.Answer, Error: d.Error,
	}
	if d.State == webhook.Waiting {
		body.NextAt = &d.NextAt
	}
	return body
}

// instant is a pointer to a time, nil for the zero one.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

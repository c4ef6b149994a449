package console

import (
	"context"
	"net/http"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type userRoleBody struct {
	Role string `json:"role" enum:"client_admin,client_employee"`
}

type staffRoleBody struct {
	Role string `json:"role" enum:"owner,account_manager,delivery,engineer,support,finance,auditor,ops"`
}

type grantBody struct {
	Grant string `json:"grant" enum:"milestone.sign,billing.read,contract.read,ticket.critical"`
}

func (c *Console) registerPersonEdits() {
	onPerson(c, users, users.manage, "change-role", "role", "Give a user another role",
		func(ctx context.Context, r commands.Request, row rows.Person, asked userRoleBody) (commands.Answer, error) {
			return c.changeRole(ctx, r, row, domain.Role(asked.Role))
		})
	onPerson(c, staff, staff.manage, "change-role-of-staff", "role", "Give a staff person another role",
		func(ctx context.Context, r commands.Request, row rows.Person, asked staffRoleBody) (commands.Answer, error) {
			return c.changeRole(ctx, r, row, domain.Role(asked.Role))
		})
	onPerson(c, users, users.manage, "give-grant", "grants", "Give a client employee a right beyond its role",
		func(ctx context.Context, r commands.Request, row rows.Person, asked grantBody) (commands.Answer, error) {
			return c.setGrant(ctx, r, row, access.Grant(asked.Grant), true)
		})
	onPerson(c, users, users.manage, "withdraw-grant", "grants/withdraw", "Take such a right back",
		func(ctx context.Context, r commands.Request, row rows.Person, asked grantBody) (commands.Answer, error) {
			return c.setGrant(ctx, r, row, access.Grant(asked.Grant), false)
		})
	for _, of := range []subject{users, staff} {
		onPerson(c, of, of.manage, "deactivate-"+of.noun, "deactivate", "End somebody's access for ever", plain(c.deactivate))
		onPerson(c, of, access.ErasePeople, "erase-"+of.noun, "erase", "Remove a person's data; history keeps the id", plain(c.erase))
		onPerson(c, of, of.manage, "withdraw-invitation-of-"+of.noun, "withdraw-invitation", "End somebody's invitation", plain(c.withdrawInvitation))
	}
}

// plain makes a use case that needs nothing but a person one that has an empty body.
func plain(run func(context.Context, commands.Request, rows.Person) (commands.Answer, error)) func(context.Context, commands.Request, rows.Person, *nothing) (commands.Answer, error) {
	return func(ctx context.Context, r commands.Request, row rows.Person, _ *nothing) (commands.Answer, error) {
		return run(ctx, r, row)
	}
}

// onPerson registers a write to a person of a subject.
func onPerson[B any](
	c *Console, of subject, needed access.Permission, id, path, summary string,
	run func(context.Context, commands.Request, rows.Person, B) (commands.Answer, error),
) {
	operation := post(id, of.path+"/{id}/"+path, summary, http.StatusOK)
	web.Register(c.API, needed, operation, func(ctx context.Context, actor domain.Actor, in *edit[B]) (*written, error) {
		_, request, err := c.edit(actor, in.Edit, operation.Path, in.Body)
		if err != nil {
			return nil, err
		}
		row, err := c.person(ctx, of, needed, in.ID)
		if err != nil {
			return nil, err
		}
		return answer(run(ctx, request, row, in.Body))
	})
}

func (c *Console) changeRole(ctx context.Context, r commands.Request, row rows.Person, role domain.Role) (commands.Answer, error) {
	person := domain.PersonID{UUID: row.ID}
	answer, err := c.commands.ChangePersonRole(ctx, r, commands.ChangePersonRole{Person: person, Role: role})
	if err != nil {
		return answer, err
	}
	c.Forget(person)
	if row.Client == nil && row.Status == statusActive {
		c.publish(ctx, person, role)
	}
	return answer, nil
}

// setGrant gives a right or takes it back.
func (c *Console) setGrant(ctx context.Context, r commands.Request, row rows.Person, grant access.Grant, give bool) (commands.Answer, error) {
	person := domain.PersonID{UUID: row.ID}
	if give {
		return c.commands.GivePersonGrant(ctx, r, commands.GivePersonGrant{Person: person, Grant: grant})
	}
	return c.commands.WithdrawPersonGrant(ctx, r, commands.WithdrawPersonGrant{Person: person, Grant: grant})
}

// deactivate records the fact, which alone ends all rights; then it closes the account. Should that fail,
// the repeat or the process that follows the facts does it.
func (c *Console) deactivate(ctx context.Context, r commands.Request, row rows.Person) (commands.Answer, error) {
	person, client := domain.PersonID{UUID: row.ID}, organisation(row)
	answer, err := c.commands.DeactivatePerson(ctx, r, commands.DeactivatePerson{Person: person})
	if err != nil {
		return answer, err
	}
	c.Forget(person)
	if err := c.accountsOf(client.UUID).Close(ctx, person); err != nil {
		return answer, err
	}
	c.record(ctx, accounts.KindSession, client, row.ID.String())
	return answer, nil
}

// erase records the fact, then removes every personal datum.
func (c *Console) erase(ctx context.Context, r commands.Request, row rows.Person) (commands.Answer, error) {
	person, client := domain.PersonID{UUID: row.ID}, organisation(row)
	answer, err := c.commands.ErasePerson(ctx, r, commands.ErasePerson{Person: person})
	if err != nil {
		return answer, err
	}
	c.Forget(person)
	for _, side := range []Accounts{c.staff, c.clients} { // Staff have a public profile in the clients' as well.
		if err := side.Erase(ctx, person); err != nil {
			return answer, err
		}
	}
	c.record(ctx, accounts.KindErased, client, row.ID.String())
	return answer, nil
}

package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// postgresReaders is how many queries run at once unless told otherwise; more wait for their turn.
	postgresReaders = 8
	// connectWait is how long a connection may take to be made.
	connectWait = 3 * time.Second
	// batchWait is how long a group may take, with waiting for other nodes' groups.
	batchWait = 10 * time.Second
	// settleWait is how long we try to find out what became of a COMMIT without an answer.
	settleWait = 10 * time.Second
	// idleWait is how long a node that has stopped in the middle of a group
	// may make the others wait: longer than any pause of one that works.
	idleWait = 2 * time.Second
	// lockWait is how long a group waits for those of other nodes.
	lockWait = 8 * time.Second
	// queryWait is how long a reading query may take.
	queryWait = 10 * time.Second
)

// postgres is a Postgres database, shared with other nodes. One group writes at
// a time in the whole cluster: it holds the row of feed_head from its first
// statement to its commit. So commits have one order, which is that of the
// positions and of each story's seq; and nothing can deadlock.
type postgres struct {
	log     *slog.Logger
	config  *pgx.ConnConfig
	writing *sql.DB // one connection, and one that finds out what became of a commit
	readers int
	texts   sync.Map // string: string; queries by ours
	se      *session
	xid     string // the open transaction
}

var _ backend = (*postgres)(nil)

func newPostgres(url string, opts Options) (*postgres, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database's URL: %w", err) // the driver leaves the password out
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectWait
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "storywire"
	}
	p := &postgres{log: opts.Logger, config: config, readers: opts.Readers}
	p.writing = p.pool(map[string]string{
		"synchronous_commit":                  "on", // a commit is on the disk before it is answered
		"default_transaction_isolation":       "read committed",
		"idle_in_transaction_session_timeout": ms(idleWait),
		"lock_timeout":                        ms(lockWait),
	}, 2)
	return p, nil
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func (p *postgres) pool(params map[string]string, conns int) *sql.DB {
	config := p.config.Copy()
	for name, value := range params {
		config.RuntimeParams[name] = value
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db
}

func (p *postgres) text(query string) string {
	if text, ok := p.texts.Load(query); ok {
		return text.(string)
	}
	text := dollars(query)
	p.texts.Store(query, text)
	return text
}

func (p *postgres) migrating() (*sql.DB, bool) { return p.writing, true }

func (p *postgres) reader() (*reader, error) {
	pool := p.pool(map[string]string{
		"default_transaction_read_only": "on",
		"statement_timeout":             ms(queryWait),
	}, cmp.Or(p.readers, postgresReaders))
	return &reader{db: p, pool: pool}, nil
}

func (p *postgres) session(context.Context) (*session, error) {
	p.se = &session{db: p, stories: make(map[string]*storyTail)}
	p.se.send = func(list []queued) error { return p.send(p.se, list) }
	return p.se, nil
}

// begin waits for its turn among all nodes.
func (p *postgres) begin(se *session, batch []*write) error {
	for {
		fresh := se.conn == nil
		if fresh {
			ctx, cancel := context.WithTimeout(context.Background(), p.config.ConnectTimeout)
			conn, err := p.writing.Conn(ctx)
			cancel()
			if err != nil {
				return fmt.Errorf("connect: %w", err)
			}
			se.conn = conn
		}
		err := p.raw(se, func(conn *pgconn.PgConn) error {
			if err := conn.Conn().SetDeadline(time.Now().Add(batchWait)); err != nil {
				return err
			}
			return p.take(conn, se)
		})
		if err == nil {
			return p.tails(se, batch)
		}
		if fresh || !p.lost(se) {
			return err
		}
		p.discard(se) // the server was restarted meanwhile: nothing is lost yet, try another connection
	}
}

// take opens the transaction and locks the row that only one may hold.
func (p *postgres) take(conn *pgconn.PgConn, se *session) error {
	results, err := conn.Exec(context.Background(),
		"BEGIN; SELECT pos, pg_current_xact_id() FROM feed_head FOR UPDATE").ReadAll()
	if err != nil {
		return err
	}
	if len(results) != 2 || len(results[1].Rows) != 1 {
		return errors.New("feed_head has no row")
	}
	row := results[1].Rows[0]
	p.xid = string(row[1])
	pos, err := strconv.ParseInt(string(row[0]), 10, 64)
	if err != nil || pos != se.pos {
		clear(se.stories) // other nodes have written: what memory knew may be old
	}
	se.pos = pos
	return err
}

// tails looks up at once where the stories of batch end.
func (p *postgres) tails(se *session, batch []*write) error {
	var ids []string
	for _, wr := range batch {
		if id := string(wr.story); id != "" && se.stories[id] == nil && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) < 2 {
		return nil // run does it as well
	}
	rows, err := se.conn.QueryContext(context.Background(), p.text(selectTails), jsonList(ids))
	err = eachRow(rows, err, func(rows *sql.Rows) error {
		var id string
		t := new(storyTail)
		err := rows.Scan(&id, &t.n, &t.seq)
		se.know(id, t)
		return err
	})
	if err != nil {
		return fmt.Errorf("read where stories end: %w", err)
	}
	return nil
}

// send carries out list in one round trip.
func (p *postgres) send(se *session, list []queued) error {
	return se.conn.Raw(func(conn any) error {
		var batch pgx.Batch
		for _, q := range list {
			batch.Queue(p.text(q.query), q.args...)
		}
		results := conn.(*stdlib.Conn).Conn().SendBatch(context.Background(), &batch)
		for _, q := range list {
			if err := answer(results, q); err != nil {
				return errors.Join(err, results.Close())
			}
		}
		return results.Close()
	})
}

func answer(results pgx.BatchResults, q queued) error {
	if q.dest != nil {
		return results.QueryRow().Scan(q.dest...)
	}
	tag, err := results.Exec()
	if err == nil && tag.RowsAffected() != 1 {
		return errUnlike
	}
	return err
}

func (p *postgres) commit(se *session, moved bool) error {
	query := "COMMIT"
	if moved {
		query = fmt.Sprintf("UPDATE feed_head SET pos = %d; COMMIT", se.pos)
	}
	err := p.raw(se, func(conn *pgconn.PgConn) error {
		results, err := conn.Exec(context.Background(), query).ReadAll()
		if err != nil {
			return err
		}
		if tag := results[len(results)-1].CommandTag.String(); tag != "COMMIT" {
			return fmt.Errorf("the database answered %s", tag)
		}
		return conn.Conn().SetDeadline(time.Time{})
	})
	if err != nil && p.lost(se) {
		return p.settle(err)
	}
	return err
}

// settle finds out what became of the transaction whose COMMIT was not answered because of cause.
func (p *postgres) settle(cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), settleWait)
	defer cancel()
	query := "SELECT pg_xact_status('" + p.xid + "')"
	pause := time.NewTicker(100 * time.Millisecond)
	defer pause.Stop()
	for {
		var status string
		err := p.writing.QueryRowContext(ctx, query).Scan(&status)
		switch {
		case err == nil && status == "committed":
			p.log.Info("the answer to a commit was lost; it is stored", "transaction", p.xid)
			return nil
		case err == nil && status == "aborted":
			return cause
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return fmt.Errorf("what became of a commit cannot be found out: %w", errors.Join(cause, err))
		}
	}
}

func (p *postgres) rollback(se *session) {
	if se.conn == nil {
		return
	}
	_, err := se.exec("ROLLBACK")
	if err != nil || p.lost(se) {
		p.discard(se)
	}
}

// raw calls f with the writer's connection.
func (p *postgres) raw(se *session, f func(*pgconn.PgConn) error) error {
	return se.conn.Raw(func(conn any) error { return f(conn.(*stdlib.Conn).Conn().PgConn()) })
}

// lost reports whether the writer's connection is gone.
func (p *postgres) lost(se *session) bool {
	gone := true
	err := p.raw(se, func(conn *pgconn.PgConn) error {
		gone = conn.IsClosed()
		return nil
	})
	return gone || err != nil
}

func (p *postgres) discard(se *session) {
	_ = se.conn.Raw(func(any) error { return driver.ErrBadConn }) // so that the pool does not keep it
	_ = se.conn.Close()
	se.conn = nil
}

func (p *postgres) forgiving() bool { return false }

func (p *postgres) fatal(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		_, network := errors.AsType[net.Error](err) // also a deadline
		_, connect := errors.AsType[*pgconn.ConnectError](err)
		return network || connect || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
			errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
	}
	switch pe.Code[:2] { // the class
	case "08", "25", "40", "53", "55", "57", "58", "XX":
		return true
	}
	return false
}

func (p *postgres) start(*writer) {}

func (p *postgres) wrote(int) {}

func (p *postgres) stop() {}

func (p *postgres) close() error {
	if p.se != nil && p.se.conn != nil {
		p.discard(p.se)
	}
	return p.writing.Close()
}

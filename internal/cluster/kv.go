package cluster

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/rueidis"
)

// ErrUnavailable tells that Redis is away or did not answer in time. Whether a
// command that was sent took effect is unknown then.
var ErrUnavailable = errors.New("cluster: shared data is unavailable")

// Command is one command of Redis, or a script.
type Command struct {
	name   string
	script *Script
	keys   []string
	args   []string
}

// Cmd makes a command that has its keys before its arguments, as most have:
// HSET, HGETALL, SET, GET, DEL, PEXPIRE, ZADD.
func Cmd(name string, keys []string, args ...string) Command {
	return Command{name: name, keys: keys, args: args}
}

// Key is the keys of a command that has one.
func Key(key string) []string { return []string{key} }

// Script is a Lua script, which Redis runs with nothing in between.
type Script struct {
	source string
	sha    string
}

// NewScript returns a script with that source. It must name all keys that it
// touches in KEYS.
func NewScript(source string) *Script {
	sum := sha1.Sum([]byte(source)) // the name that Redis gives it
	return &Script{source: source, sha: hex.EncodeToString(sum[:])}
}

// Run makes a command of the script.
func (s *Script) Run(keys []string, args ...string) Command {
	return Command{script: s, keys: keys, args: args}
}

// KV returns the data that the nodes share.
func (r *Redis) KV() *KV { return &KV{r} }

// KV runs commands on Redis. All methods may be called by any goroutine.
type KV struct{ redis *Redis }

// Do sends commands at once and returns their replies in order. Keys get the
// prefix of the cluster. The error is ErrUnavailable, within the bus's timeout
// or that of ctx if it is shorter; what is wrong with a single command is in its
// Reply. A script that Redis does not know yet is sent again after the others.
func (kv *KV) Do(ctx context.Context, commands ...Command) ([]Reply, error) {
	bus := kv.redis.bus
	if !bus.Healthy() {
		return nil, ErrUnavailable
	}
	ctx, cancel := context.WithTimeout(ctx, bus.Timeout())
	defer cancel()
	built := make(rueidis.Commands, len(commands))
	for i := range commands {
		built[i] = kv.build(&commands[i], false)
	}
	replies := make([]Reply, len(commands))
	for i, result := range bus.Client().DoMulti(ctx, built...) {
		if e, ok := rueidis.IsRedisErr(result.Error()); ok && e.IsNoScript() {
			result = bus.Client().Do(ctx, kv.build(&commands[i], true))
		}
		if err := result.NonRedisError(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		replies[i].message, replies[i].err = result.ToMessage()
		if rueidis.IsRedisNil(replies[i].err) {
			replies[i].err = nil
		}
	}
	return replies, nil
}

// build makes what is sent; whole: with the source of its script.
func (kv *KV) build(c *Command, whole bool) rueidis.Completed {
	b := kv.redis.bus.Client().B()
	keys := make([]string, len(c.keys))
	for i, key := range c.keys {
		keys[i] = kv.redis.prefix + key
	}
	switch {
	case c.script == nil:
		return b.Arbitrary(c.name).Keys(keys...).Args(c.args...).Build()
	case whole:
		return b.Arbitrary("EVAL", c.script.source, strconv.Itoa(len(keys))).Keys(keys...).Args(c.args...).Build()
	}
	return b.Arbitrary("EVALSHA", c.script.sha, strconv.Itoa(len(keys))).Keys(keys...).Args(c.args...).Build()
}

// Reply is what Redis says to a command. Its methods return the error of the
// command, or that it is of another type.
type Reply struct {
	message rueidis.RedisMessage
	err     error
}

// Err returns the error of the command.
func (r Reply) Err() error { return r.err }

// Nil reports whether there is nothing.
func (r Reply) Nil() bool { return r.err == nil && r.message.IsNil() }

// Int returns a number, 0 if there is nothing.
func (r Reply) Int() (int64, error) {
	if r.err != nil || r.message.IsNil() {
		return 0, r.err
	}
	return r.message.AsInt64()
}

// Text returns a string, "" if there is nothing.
func (r Reply) Text() (string, error) {
	if r.err != nil || r.message.IsNil() {
		return "", r.err
	}
	return r.message.ToString()
}

// Map returns a hash; empty if there is none.
func (r Reply) Map() (map[string]string, error) {
	if r.err != nil || r.message.IsNil() {
		return nil, r.err
	}
	return r.message.AsStrMap()
}

// List returns the elements of an array; none if there is nothing.
func (r Reply) List() ([]Reply, error) {
	if r.err != nil || r.message.IsNil() {
		return nil, r.err
	}
	elements, err := r.message.ToArray()
	if err != nil {
		return nil, err
	}
	list := make([]Reply, len(elements))
	for i, e := range elements {
		list[i].message = e
		if err := e.Error(); !rueidis.IsRedisNil(err) {
			list[i].err = err
		}
	}
	return list, nil
}

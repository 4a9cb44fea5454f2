#!/usr/bin/env escript
%% Runs scripted servers on OTP's gen_server and prints what comes of each event,
%% for a test that runs the same scripts on ours.
-module(gen_server_oracle).
-mode(compile).
-export([main/1, init/1, handle_call/3, handle_cast/2, handle_info/2, handle_continue/2, terminate/2]).

main([File]) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    {ok, Scenarios} = file:consult(File),
    log = ets:new(log, [named_table, public, ordered_set]),
    lists:foreach(fun run/1, Scenarios).

run({Init, Trap, Terminate, Events}) ->
    Started = gen_server:start_link(?MODULE, {Init, Trap, Terminate}, []),
    case Started of
        {ok, Pid} ->
            show(started, settle(Pid)),
            lists:foreach(fun(Event) -> show(event(Pid, Event), settle(Pid)) end, Events),
            exit(Pid, kill),
            ended(Pid, 1000);
        %% The exit signal of a server that has not started is taken by its start, from OTP 26 on.
        ignore -> show(ignore, none);
        {error, Reason} -> show({error, plain(Reason)}, none)
    end,
    mail(),
    ets:delete_all_objects(log),
    io:format("end~n").

show(Result, State) -> io:format("~w~n", [{Result, State}]).

event(Pid, {call, Action}) ->
    try {reply, gen_server:call(Pid, Action, 1000)} catch exit:{Reason, _} -> {exit, plain(Reason)} end;
event(Pid, {cast, Action}) -> gen_server:cast(Pid, Action);
event(Pid, {info, Action}) -> Pid ! {info, Action}, ok;
event(Pid, {from_parent, Reason}) -> exit(Pid, Reason), ok;
event(Pid, {from_other, Reason}) ->
    {Other, Ref} = spawn_monitor(fun() -> exit(Pid, Reason) end),
    receive {'DOWN', Ref, _, Other, _} -> ok end;
event(Pid, {stop, Reason}) ->
    try gen_server:stop(Pid, Reason, 1000) catch exit:Error -> {exit, plain(Error)} end.

%% What an exception leaves as a reason has a stack trace, which ours has not.
plain({Reason, [{_, _, _, _} | _]}) -> plain(Reason);
plain({{error, crashed}, _}) -> crashed;
plain({bad_return_value, _}) -> bad_return;
plain(Reason) -> Reason.

settle(Pid) ->
    timer:sleep(2),
    catch sys:get_state(Pid),
    State = ended(Pid, 0),
    Seen = [Entry || {_, Entry} <- ets:tab2list(log)],
    ets:delete_all_objects(log),
    {State, Seen, mail()}.

ended(Pid, Wait) ->
    case get({ended, Pid}) of
        undefined ->
            receive {'EXIT', Pid, Reason} -> put({ended, Pid}, {ended, plain(Reason)}), get({ended, Pid})
            after Wait -> case is_process_alive(Pid) of true -> running; false -> ended(Pid, 1000) end
            end;
        Ended -> Ended
    end.

mail() -> receive {'EXIT', _, Reason} -> [{'exit', plain(Reason)} | mail()] after 0 -> [] end.

%% The server: its requests say what to answer.
log(Entry) -> ets:insert(log, {erlang:unique_integer([monotonic]), Entry}).

init({Init, Trap, Terminate}) ->
    process_flag(trap_exit, Trap),
    case Init of
        {ok, Then} -> then({ok, Terminate}, Then);
        ignore -> ignore;
        {stop, Reason} -> {stop, Reason};
        Other -> fail(Other)
    end.

then(Result, none) -> Result;
then(Result, {continue, Action}) -> erlang:append_element(Result, {continue, Action});
then(Result, timeout) -> erlang:append_element(Result, 0).

fail(crash) -> erlang:error(crashed);
fail({exit, Reason}) -> exit(Reason);
fail(bad) -> bad.

handle_call(Action, From, S) ->
    log({call, Action}),
    case Action of
        {reply, Value, Then} -> then({reply, Value, S}, Then);
        {later, Value, Then} -> gen_server:reply(From, Value), then({noreply, S}, Then);
        {stop, Reason} -> {stop, Reason, S};
        {stop, Reason, Value} -> {stop, Reason, Value, S};
        Other -> fail(Other)
    end.

handle_cast(Action, S) -> log({cast, Action}), other(Action, S).
handle_info({info, Action}, S) -> log({info, Action}), other(Action, S);
handle_info(timeout, S) -> log(timeout), {noreply, S};
handle_info({'EXIT', _, Reason}, S) -> log({'EXIT', plain(Reason)}), {noreply, S}.
handle_continue(Action, S) -> log({continue, Action}), other(Action, S).

other({go, Then}, S) -> then({noreply, S}, Then);
other({stop, Reason}, S) -> {stop, Reason, S};
other(Other, _) -> fail(Other).

terminate(Reason, Terminate) ->
    log({terminate, plain(Reason)}),
    case Terminate of ok -> ok; _ -> fail(Terminate) end.

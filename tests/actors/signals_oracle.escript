#!/usr/bin/env escript
%% Runs scripted events against Erlang's own processes and prints what comes of each,
%% for a test that runs the same events against ours.
-module(signals_oracle).
-mode(compile).
-export([main/1]).

main([File]) ->
    logger:set_primary_config(level, none),
    {ok, Scenarios} = file:consult(File),
    lists:foreach(fun run/1, Scenarios).

run({Ids, Events}) ->
    world = ets:new(world, [named_table, public]),
    ets:insert(world, {{id, self()}, outside}),
    lists:foreach(fun start/1, Ids),
    lists:foreach(fun(Event) -> io:format("~w~n", [{event(Event), settle(Ids)}]) end, Events),
    io:format("end~n"),
    lists:foreach(fun(Id) -> exit(pid(Id), kill) end, Ids),
    lists:foreach(fun(Id) -> ended(Id, 1000) end, Ids),
    ets:delete(world).

start(Id) ->
    {Pid, Ref} = spawn_monitor(fun() -> serve([]) end),
    ets:insert(world, [{{pid, Id}, Pid}, {{id, Pid}, Id}, {{ref, Id}, Ref}]).

pid(Id) -> ets:lookup_element(world, {pid, Id}, 2).
id(Pid) when is_pid(Pid) -> ets:lookup_element(world, {id, Pid}, 2);
id({Name, _}) -> Name;
id(Name) -> Name.

%% A process obeys, and leaves all other messages in its mailbox.
serve(Refs) ->
    receive {do, From, Tag, What} ->
        {Result, Later} = do(What, Refs),
        From ! {Tag, Result},
        serve(Later)
    end.

%% An error with a stack trace where the dead one is of this node; from another node it is this signal.
do({link, Id}, Refs) -> {try link(pid(Id)) catch error:noproc -> exit(noproc) end, Refs};
do({unlink, Id}, Refs) -> {unlink(pid(Id)), Refs};
do({monitor, Id}, Refs) -> {ok, Refs ++ [monitor(process, pid(Id))]};
do({monitor_name, Name}, Refs) -> {ok, Refs ++ [monitor(process, Name)]};
do({demonitor, _, _}, []) -> {none, []};
do({demonitor, N, Flush}, Refs) -> {demonitor(lists:nth(N rem length(Refs) + 1, Refs), Flush), Refs};
do({exit_signal, Id, Reason}, Refs) -> {exit(pid(Id), Reason), Refs};
do({trap, Flag}, Refs) -> {process_flag(trap_exit, Flag), Refs};
do({exit, Reason}, _) -> exit(Reason);
do({send, Id, What}, Refs) -> pid(Id) ! {sent, id(self()), What}, {ok, Refs};
do({register, Name}, Refs) -> {try register(Name, self()) catch error:badarg -> badarg end, Refs};
do({unregister, Name}, Refs) -> {try unregister(Name) catch error:badarg -> badarg end, Refs};
do({whereis, Name}, Refs) ->
    {case whereis(Name) of undefined -> undefined; Pid -> id(Pid) end, Refs};
do(look, Refs) ->
    [{links, Links}, {monitors, Monitors}] = process_info(self(), [links, monitors]),
    {{[shown(M, Refs) || M <- mail()], lists:sort([id(L) || L <- Links]),
      lists:sort([id(M) || {process, M} <- Monitors])}, Refs}.

mail() ->
    receive
        {do, From, Tag, What} -> self() ! {do, From, Tag, What}, [];
        Message -> [Message | mail()]
    after 0 -> []
    end.

shown({'EXIT', Pid, Reason}, _) -> {exit, id(Pid), Reason};
shown({'DOWN', Ref, process, What, Reason}, Refs) -> {down, place(Ref, Refs, 0), id(What), Reason};
shown(Message, _) -> Message.

place(Ref, [Ref | _], N) -> N;
place(Ref, [_ | Refs], N) -> place(Ref, Refs, N + 1).

event({outside, Id, Reason}) -> exit(pid(Id), Reason);
event({Id, What}) -> ask(Id, What).

ask(Id, What) ->
    case ended(Id, 0) of
        {ended, _} -> dead;
        alive ->
            Tag = make_ref(),
            pid(Id) ! {do, self(), Tag, What},
            Ref = ets:lookup_element(world, {ref, Id}, 2),
            receive
                {Tag, Result} -> Result;
                {'DOWN', Ref, _, _, Reason} -> ets:insert(world, {{ended, Id}, Reason}), ended
            end
    end.

ended(Id, Wait) ->
    Ref = ets:lookup_element(world, {ref, Id}, 2),
    case ets:lookup(world, {ended, Id}) of
        [{_, Reason}] -> {ended, Reason};
        [] ->
            receive {'DOWN', Ref, _, _, Reason} -> ets:insert(world, {{ended, Id}, Reason}), {ended, Reason}
            after Wait -> alive
            end
    end.

%% Signals are under way for a moment: look three times.
settle(Ids) ->
    Looks = [begin timer:sleep(1), [look(Id) || Id <- Ids] end || _ <- [1, 2, 3]],
    [by_sender(Look) || Look <- lists:foldl(fun add/2, hd(Looks), tl(Looks))].

%% Only what one process has sent has an order.
by_sender({Mail, Links, Monitors}) ->
    {lists:sort(fun(One, Other) -> sender(One) =< sender(Other) end, Mail), Links, Monitors};
by_sender(Ended) -> Ended.

sender({down, _, Id, _}) -> Id;
sender(Message) -> element(2, Message).

look(Id) ->
    case ask(Id, look) of
        Died when Died =:= dead; Died =:= ended -> ended(Id, 1000);
        State -> State
    end.

add(Later, Sooner) -> lists:zipwith(fun join/2, Sooner, Later).

join({Mail, _, _}, {More, Links, Monitors}) -> {Mail ++ More, Links, Monitors};
join(_, Ended) -> Ended.

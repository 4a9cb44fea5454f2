#!/usr/bin/env escript
%% Runs scripted events against OTP's supervisor and prints what comes of each,
%% for a test that runs the same events against ours.
-module(supervisor_oracle).
-mode(compile).
-export([main/1, init/1, start/1, start/2]).

main([File]) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    {ok, Scenarios} = file:consult(File),
    lists:foreach(fun run/1, Scenarios).

init({{Strategy, Intensity, AutoShutdown}, Specs}) ->
    Flags = #{strategy => Strategy, intensity => Intensity, period => 3600, auto_shutdown => AutoShutdown},
    {ok, {Flags, [spec(Strategy, Spec) || Spec <- Specs]}}.

spec(simple_one_for_one, {_, Restart, Significant}) ->
    #{id => any, start => {?MODULE, start, []}, restart => Restart, significant => Significant};
spec(_, {Id, Restart, Significant}) ->
    #{id => Id, start => {?MODULE, start, [Id]}, restart => Restart, significant => Significant}.

%% The start function of the children: it fails while it is told to.
start(Id) ->
    ets:update_counter(world, {starts, Id}, 1, {{starts, Id}, 0}),
    case ets:member(world, {fails, Id}) of
        true -> {error, told_to_fail};
        false ->
            Pid = spawn_link(fun() -> receive {die, Reason} -> exit(Reason) end end),
            ets:insert(world, [{{pid, Id}, Pid}, {{id_of, Pid}, Id}]),
            {ok, Pid}
    end.

start(_, Id) -> start(Id).

run({Flags, Specs, Events}) ->
    world = ets:new(world, [named_table, public]),
    case supervisor:start_link(?MODULE, {Flags, initial(Flags, Specs)}) of
        {ok, Sup} -> events(Sup, Flags, Events);
        {error, Reason} -> io:format("~w~n", [{not_started, Reason}])
    end,
    io:format("end~n"),
    ets:delete(world).

initial({simple_one_for_one, _, _}, [Spec | _]) -> [Spec];
initial(_, Specs) -> Specs.

events(Sup, _, []) ->
    exit(Sup, shutdown),
    receive {'EXIT', Sup, Reason} -> io:format("~w~n", [{stopped, Reason}]) end;
events(Sup, Flags, [Event | Events]) ->
    Old = case Event of {'end', Id, _} -> pid(Id); _ -> undefined end,
    Result = try do(Sup, Flags, Event) catch exit:_ -> died end,
    State = settle(Sup, Old),
    io:format("~w~n", [{Result, State, starts()}]),
    case State of
        {dead, _} -> ok;
        _ -> events(Sup, Flags, Events)
    end.

do(_, _, {fail, Id}) -> ets:insert(world, {{fails, Id}}), ok;
do(_, _, {work, Id}) -> ets:delete(world, {fails, Id}), ok;
do(_, _, {'end', Id, Reason}) -> finish(pid(Id), Reason);
do(Sup, {simple_one_for_one, _, _}, {start, {Id, _, _}}) -> result(supervisor:start_child(Sup, [Id]));
do(Sup, {Strategy, _, _}, {start, Spec}) -> result(supervisor:start_child(Sup, spec(Strategy, Spec)));
do(Sup, {simple_one_for_one, _, _}, {terminate, Id}) ->
    case pid(Id) of
        undefined -> result(supervisor:terminate_child(Sup, Id));
        Pid -> result(supervisor:terminate_child(Sup, Pid))
    end;
do(Sup, _, {terminate, Id}) -> result(supervisor:terminate_child(Sup, Id));
do(Sup, _, {restart, Id}) -> result(supervisor:restart_child(Sup, Id));
do(Sup, _, {delete, Id}) -> result(supervisor:delete_child(Sup, Id)).

result(ok) -> ok;
result({ok, _}) -> ok;
result({error, {already_started, _}}) -> already_started;
result({error, {Reason, Child}}) when is_tuple(Child), element(1, Child) =:= child -> Reason;
result({error, Reason}) -> Reason.

pid(Id) ->
    case ets:lookup(world, {pid, Id}) of
        [{_, Pid}] -> Pid;
        [] -> undefined
    end.

finish(undefined, _) -> not_running;
finish(Pid, Reason) ->
    Ref = monitor(process, Pid),
    case Reason of
        kill -> exit(Pid, kill);
        _ -> Pid ! {die, Reason}
    end,
    receive {'DOWN', Ref, _, _, noproc} -> not_running; {'DOWN', Ref, _, _, How} -> How end.

%% Wait until the supervisor has dealt with an end, and tell who is there.
settle(Sup, Old) ->
    try supervisor:which_children(Sup) of
        Children ->
            case [Pid || {_, Pid, _, _} <- Children, Pid =:= restarting orelse (Pid =/= undefined andalso Pid =:= Old)] of
                [] -> lists:sort([state(Child) || Child <- Children]);
                _ -> settle(Sup, Old)
            end
    catch
        exit:_ -> receive {'EXIT', Sup, Reason} -> {dead, Reason} end
    end.

state({undefined, Pid, _, _}) -> {ets:lookup_element(world, {id_of, Pid}, 2), running};
state({Id, undefined, _, _}) -> {Id, undefined};
state({Id, _, _, _}) -> {Id, running}.

starts() -> lists:sort([{Id, Count} || [Id, Count] <- ets:match(world, {{starts, '$1'}, '$2'})]).

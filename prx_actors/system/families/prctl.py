"""Options of prctl(2), and what they take."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Number

__all__ = ["Prctl", "PrctlArgument"]

FAMILY = "prctl"


class Prctl(Number):
    """What is done: prctl(2)."""

    PR_SET_PDEATHSIG = auto()
    PR_GET_PDEATHSIG = auto()
    PR_GET_DUMPABLE = auto()
    PR_SET_DUMPABLE = auto()
    PR_GET_UNALIGN = auto()
    PR_SET_UNALIGN = auto()
    PR_GET_KEEPCAPS = auto()
    PR_SET_KEEPCAPS = auto()
    PR_GET_FPEMU = auto()
    PR_SET_FPEMU = auto()
    PR_GET_FPEXC = auto()
    PR_SET_FPEXC = auto()
    PR_GET_TIMING = auto()
    PR_SET_TIMING = auto()
    PR_SET_NAME = auto()
    PR_GET_NAME = auto()
    PR_GET_ENDIAN = auto()
    PR_SET_ENDIAN = auto()
    PR_GET_SECCOMP = auto()
    PR_SET_SECCOMP = auto()
    PR_CAPBSET_READ = auto()
    PR_CAPBSET_DROP = auto()
    PR_GET_TSC = auto()
    PR_SET_TSC = auto()
    PR_GET_SECUREBITS = auto()
    PR_SET_SECUREBITS = auto()
    PR_SET_TIMERSLACK = auto()
    PR_GET_TIMERSLACK = auto()
    PR_TASK_PERF_EVENTS_DISABLE = auto()
    PR_TASK_PERF_EVENTS_ENABLE = auto()
    PR_MCE_KILL = auto()
    PR_MCE_KILL_GET = auto()
    PR_SET_MM = auto()
    PR_SET_CHILD_SUBREAPER = auto()
    PR_GET_CHILD_SUBREAPER = auto()
    PR_SET_NO_NEW_PRIVS = auto()
    PR_GET_NO_NEW_PRIVS = auto()
    PR_GET_TID_ADDRESS = auto()
    PR_SET_THP_DISABLE = auto()
    PR_GET_THP_DISABLE = auto()
    PR_MPX_ENABLE_MANAGEMENT = auto()
    PR_MPX_DISABLE_MANAGEMENT = auto()
    PR_SET_FP_MODE = auto()
    PR_GET_FP_MODE = auto()
    PR_CAP_AMBIENT = auto()
    PR_SVE_SET_VL = auto()
    PR_SVE_GET_VL = auto()
    PR_GET_SPECULATION_CTRL = auto()
    PR_SET_SPECULATION_CTRL = auto()
    PR_PAC_RESET_KEYS = auto()
    PR_SET_TAGGED_ADDR_CTRL = auto()
    PR_GET_TAGGED_ADDR_CTRL = auto()
    PR_SET_IO_FLUSHER = auto()
    PR_GET_IO_FLUSHER = auto()
    PR_SET_SYSCALL_USER_DISPATCH = auto()
    PR_PAC_SET_ENABLED_KEYS = auto()
    PR_PAC_GET_ENABLED_KEYS = auto()
    PR_SCHED_CORE = auto()
    PR_SME_SET_VL = auto()
    PR_SME_GET_VL = auto()
    PR_SET_MDWE = auto()
    PR_GET_MDWE = auto()
    PR_SET_MEMORY_MERGE = auto()
    PR_GET_MEMORY_MERGE = auto()
    PR_RISCV_V_SET_CONTROL = auto()
    PR_RISCV_V_GET_CONTROL = auto()
    PR_RISCV_SET_ICACHE_FLUSH_CTX = auto()
    PR_PPC_GET_DEXCR = auto()
    PR_PPC_SET_DEXCR = auto()
    PR_GET_SHADOW_STACK_STATUS = auto()
    PR_SET_SHADOW_STACK_STATUS = auto()
    PR_LOCK_SHADOW_STACK_STATUS = auto()
    PR_TIMER_CREATE_RESTORE_IDS = auto()
    PR_FUTEX_HASH = auto()
    PR_GET_AUXV = auto()
    PR_SET_VMA = auto()
    PR_SET_PTRACER = auto()


class PrctlArgument(Number):
    """What the options take."""

    PR_SET_PTRACER_ANY = auto()
    PR_ENDIAN_BIG = auto()
    PR_FP_EXC_DISABLED = auto()
    PR_MCE_KILL_CLEAR = auto()
    PR_MCE_KILL_LATE = auto()
    PR_MTE_TCF_NONE = auto()
    PR_PPC_DEXCR_SBHE = auto()
    PR_RISCV_CTX_SW_FENCEI_ON = auto()
    PR_RISCV_SCOPE_PER_PROCESS = auto()
    PR_RISCV_V_VSTATE_CTRL_DEFAULT = auto()
    PR_SCHED_CORE_GET = auto()
    PR_SCHED_CORE_SCOPE_THREAD = auto()
    PR_SET_VMA_ANON_NAME = auto()
    PR_SPEC_NOT_AFFECTED = auto()
    PR_SPEC_STORE_BYPASS = auto()
    PR_SYS_DISPATCH_OFF = auto()
    PR_TIMER_CREATE_RESTORE_IDS_OFF = auto()
    PR_TIMING_STATISTICAL = auto()
    PR_CAP_AMBIENT_IS_SET = auto()
    PR_ENDIAN_LITTLE = auto()
    PR_FPEMU_NOPRINT = auto()
    PR_FP_EXC_NONRECOV = auto()
    PR_FP_MODE_FR = auto()
    PR_FUTEX_HASH_SET_SLOTS = auto()
    PR_MCE_KILL_EARLY = auto()
    PR_MCE_KILL_SET = auto()
    PR_MTE_TCF_SHIFT = auto()
    PR_PAC_APIAKEY = auto()
    PR_PPC_DEXCR_CTRL_EDITABLE = auto()
    PR_PPC_DEXCR_IBRTPD = auto()
    PR_RISCV_CTX_SW_FENCEI_OFF = auto()
    PR_RISCV_SCOPE_PER_THREAD = auto()
    PR_RISCV_V_VSTATE_CTRL_OFF = auto()
    PR_SCHED_CORE_CREATE = auto()
    PR_SCHED_CORE_SCOPE_THREAD_GROUP = auto()
    PR_SET_MM_START_CODE = auto()
    PR_SPEC_INDIRECT_BRANCH = auto()
    PR_SPEC_PRCTL = auto()
    PR_SYS_DISPATCH_EXCLUSIVE_ON = auto()
    PR_SYS_DISPATCH_ON = auto()
    PR_TAGGED_ADDR_ENABLE = auto()
    PR_TIMER_CREATE_RESTORE_IDS_ON = auto()
    PR_TIMING_TIMESTAMP = auto()
    PR_TSC_ENABLE = auto()
    PR_UNALIGN_NOPRINT = auto()
    PR_CAP_AMBIENT_RAISE = auto()
    PR_ENDIAN_PPC_LITTLE = auto()
    PR_FPEMU_SIGFPE = auto()
    PR_FP_EXC_ASYNC = auto()
    PR_FP_MODE_FRE = auto()
    PR_FUTEX_HASH_GET_SLOTS = auto()
    PR_MCE_KILL_DEFAULT = auto()
    PR_MTE_TCF_SYNC = auto()
    PR_PAC_APIBKEY = auto()
    PR_PPC_DEXCR_CTRL_SET = auto()
    PR_PPC_DEXCR_SRAPD = auto()
    PR_RISCV_V_VSTATE_CTRL_ON = auto()
    PR_SCHED_CORE_SCOPE_PROCESS_GROUP = auto()
    PR_SCHED_CORE_SHARE_TO = auto()
    PR_SET_MM_END_CODE = auto()
    PR_SPEC_ENABLE = auto()
    PR_SPEC_L1D_FLUSH = auto()
    PR_SYS_DISPATCH_INCLUSIVE_ON = auto()
    PR_THP_DISABLE_EXCEPT_ADVISED = auto()
    PR_TIMER_CREATE_RESTORE_IDS_GET = auto()
    PR_TSC_SIGSEGV = auto()
    PR_UNALIGN_SIGBUS = auto()
    PR_CAP_AMBIENT_LOWER = auto()
    PR_FP_EXC_PRECISE = auto()
    PR_MTE_TAG_SHIFT = auto()
    PR_PPC_DEXCR_NPHIE = auto()
    PR_SCHED_CORE_SHARE_FROM = auto()
    PR_SET_MM_START_DATA = auto()
    PR_CAP_AMBIENT_CLEAR_ALL = auto()
    PR_MTE_TCF_ASYNC = auto()
    PR_PAC_APDAKEY = auto()
    PR_PPC_DEXCR_CTRL_CLEAR = auto()
    PR_SCHED_CORE_MAX = auto()
    PR_SET_MM_END_DATA = auto()
    PR_SPEC_DISABLE = auto()
    PR_SET_MM_START_STACK = auto()
    PR_MTE_TCF_MASK = auto()
    PR_SET_MM_START_BRK = auto()
    PR_SET_MM_BRK = auto()
    PR_PAC_APDBKEY = auto()
    PR_PPC_DEXCR_CTRL_SET_ONEXEC = auto()
    PR_SET_MM_ARG_START = auto()
    PR_SPEC_FORCE_DISABLE = auto()
    PR_SET_MM_ARG_END = auto()
    PR_SET_MM_ENV_START = auto()
    PR_SET_MM_ENV_END = auto()
    PR_SET_MM_AUXV = auto()
    PR_SET_MM_EXE_FILE = auto()
    PR_SET_MM_MAP = auto()
    PR_SET_MM_MAP_SIZE = auto()
    PR_PAC_APGAKEY = auto()
    PR_PPC_DEXCR_CTRL_CLEAR_ONEXEC = auto()
    PR_RISCV_V_VSTATE_CTRL_INHERIT = auto()
    PR_SPEC_DISABLE_NOEXEC = auto()
    PR_PMLEN_SHIFT = auto()
    PR_FP_EXC_SW_ENABLE = auto()
    PR_SME_VL_LEN_MASK = auto()
    PR_SVE_VL_LEN_MASK = auto()
    PR_FP_EXC_DIV = auto()
    PR_FP_EXC_OVF = auto()
    PR_SME_VL_INHERIT = auto()
    PR_SVE_VL_INHERIT = auto()
    PR_FP_EXC_UND = auto()
    PR_SME_SET_VL_ONEXEC = auto()
    PR_SVE_SET_VL_ONEXEC = auto()
    PR_MTE_TAG_MASK = auto()
    PR_FP_EXC_RES = auto()
    PR_FP_EXC_INV = auto()
    PR_MDWE_NO_INHERIT = auto()
    PR_MDWE_REFUSE_EXEC_GAIN = auto()
    PR_PMLEN_MASK = auto()
    PR_SHADOW_STACK_ENABLE = auto()
    PR_SHADOW_STACK_PUSH = auto()
    PR_SHADOW_STACK_WRITE = auto()


OTHERS = """
SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_NEW_LISTENER SECCOMP_FILTER_FLAG_SPEC_ALLOW
SECCOMP_FILTER_FLAG_TSYNC SECCOMP_GET_ACTION_AVAIL SECCOMP_GET_NOTIF_SIZES SECCOMP_MODE_DISABLED
SECCOMP_MODE_FILTER SECCOMP_MODE_STRICT SECCOMP_RET_ACTION SECCOMP_RET_ACTION_FULL SECCOMP_RET_ALLOW
SECCOMP_RET_DATA SECCOMP_RET_ERRNO SECCOMP_RET_KILL SECCOMP_RET_KILL_PROCESS SECCOMP_RET_KILL_THREAD
SECCOMP_RET_LOG SECCOMP_RET_TRACE SECCOMP_RET_TRAP SECCOMP_RET_USER_NOTIF SECCOMP_SET_MODE_FILTER
SECCOMP_SET_MODE_STRICT SECCOMP_USER_NOTIF_FLAG_CONTINUE
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""


FALLBACKS = {
    "PR_SET_MDWE": "65",
    "PR_GET_MDWE": "66",
    "PR_SET_MEMORY_MERGE": "67",
    "PR_GET_MEMORY_MERGE": "68",
    "PR_RISCV_V_SET_CONTROL": "69",
    "PR_RISCV_V_GET_CONTROL": "70",
    "PR_RISCV_SET_ICACHE_FLUSH_CTX": "71",
    "PR_PPC_GET_DEXCR": "72",
    "PR_PPC_SET_DEXCR": "73",
    "PR_GET_SHADOW_STACK_STATUS": "74",
    "PR_SET_SHADOW_STACK_STATUS": "75",
    "PR_LOCK_SHADOW_STACK_STATUS": "76",
    "PR_TIMER_CREATE_RESTORE_IDS": "77",
    "PR_FUTEX_HASH": "78",
    "PR_GET_AUXV": "0x41555856",
    "PR_MDWE_REFUSE_EXEC_GAIN": "(1UL<<0)",
    "PR_MDWE_NO_INHERIT": "(1UL<<1)",
    "PR_SYS_DISPATCH_EXCLUSIVE_ON": "1",
    "PR_SYS_DISPATCH_INCLUSIVE_ON": "2",
    "PR_SHADOW_STACK_ENABLE": "(1UL<<0)",
    "PR_SHADOW_STACK_WRITE": "(1UL<<1)",
    "PR_SHADOW_STACK_PUSH": "(1UL<<2)",
    "PR_TIMER_CREATE_RESTORE_IDS_OFF": "0",
    "PR_TIMER_CREATE_RESTORE_IDS_ON": "1",
    "PR_TIMER_CREATE_RESTORE_IDS_GET": "2",
    "PR_FUTEX_HASH_SET_SLOTS": "1",
    "PR_FUTEX_HASH_GET_SLOTS": "2",
    "PR_THP_DISABLE_EXCEPT_ADVISED": "(1<<1)",
    "PR_RISCV_V_VSTATE_CTRL_DEFAULT": "0",
    "PR_RISCV_V_VSTATE_CTRL_OFF": "1",
    "PR_RISCV_V_VSTATE_CTRL_ON": "2",
    "PR_RISCV_V_VSTATE_CTRL_INHERIT": "(1<<4)",
    "PR_RISCV_CTX_SW_FENCEI_ON": "0",
    "PR_RISCV_CTX_SW_FENCEI_OFF": "1",
    "PR_RISCV_SCOPE_PER_PROCESS": "0",
    "PR_RISCV_SCOPE_PER_THREAD": "1",
    "PR_PPC_DEXCR_SBHE": "0",
    "PR_PPC_DEXCR_IBRTPD": "1",
    "PR_PPC_DEXCR_SRAPD": "2",
    "PR_PPC_DEXCR_NPHIE": "3",
    "PR_PPC_DEXCR_CTRL_EDITABLE": "0x1",
    "PR_PPC_DEXCR_CTRL_SET": "0x2",
    "PR_PPC_DEXCR_CTRL_CLEAR": "0x4",
    "PR_PPC_DEXCR_CTRL_SET_ONEXEC": "0x8",
    "PR_PPC_DEXCR_CTRL_CLEAR_ONEXEC": "0x10",
    "PR_PMLEN_SHIFT": "24",
    "PR_PMLEN_MASK": "(0x7fUL<<24)",
}
"""What the kernel may know although the headers are older."""

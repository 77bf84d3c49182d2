# start.s: where a thread enters the module (wasi-threads: the host calls
# wasi_thread_start in an instance of its own, in a worker of its own), and where the host
# reports one that will not come back.
#
# A fresh instance has the main thread's stack pointer and no thread-local storage, so
# no C may run before both are set. Nor may any run after `done` is set: the joiner frees
# the stack then, and compiled C may use it up to its last instruction. Hence both ends
# are assembly. The offsets are those of struct weft__thread (thread.h).
#
# No preprocessor and a lower-case suffix: assembles with a clang that cannot start
# another process.

	.globaltype	__stack_pointer, i32
	.globaltype	__tls_base, i32
	.globaltype	weft__stack_limit, i32
	.functype	__wasm_init_tls (i32) -> ()
	.functype	weft__thread_main (i32) -> ()
	.functype	weft_thread_resume (i32) -> ()
	.functype	weft__stdio_release (i32) -> ()

# Each instance, and so each thread, has its own. For the stack checks that wasm/stack_check.mjs
# adds to a module, which also gives it the main thread's value and makes weft_thread_checked
# return 1.
weft__stack_limit:

	.section	.text.weft_thread_limit,"",@
	.globl	weft_thread_limit
	.type	weft_thread_limit,@function
	.export_name	weft_thread_limit, weft_thread_limit
weft_thread_limit:
	.functype	weft_thread_limit () -> (i32)
	global.get	weft__stack_limit
	end_function

	.section	.text.weft_thread_pointer,"",@
	.globl	weft_thread_pointer
	.type	weft_thread_pointer,@function
	.export_name	weft_thread_pointer, weft_thread_pointer
weft_thread_pointer:
	.functype	weft_thread_pointer () -> (i32)
	global.get	__stack_pointer
	end_function

	.section	.text.weft_thread_checked,"",@
	.globl	weft_thread_checked
	.type	weft_thread_checked,@function
	.export_name	weft_thread_checked, weft_thread_checked
weft_thread_checked:
	.functype	weft_thread_checked () -> (i32)
	i32.const	0
	end_function

	.section	.text.wasi_thread_start,"",@
	.globl	wasi_thread_start
	.type	wasi_thread_start,@function
	.export_name	wasi_thread_start, wasi_thread_start
wasi_thread_start:
	.functype	wasi_thread_start (i32, i32) -> ()
	local.get	1
	i32.load	12		# block
	i32.const	1024		# WEFT__STACK_RESERVE
	i32.add
	global.set	weft__stack_limit
	local.get	1
	i32.load	0		# stack_top
	global.set	__stack_pointer
	local.get	1
	i32.load	4		# tls
	call	__wasm_init_tls
	local.get	1
	call	weft_thread_resume
	end_function

# A fresh instance in the place of one whose thread is dead: the storage holds what that
# thread left in it.
	.section	.text.weft_thread_follow,"",@
	.globl	weft_thread_follow
	.type	weft_thread_follow,@function
	.export_name	weft_thread_follow, weft_thread_follow
weft_thread_follow:
	.functype	weft_thread_follow (i32) -> ()
	local.get	0
	i32.load	4		# tls
	global.set	__tls_base
	local.get	0
	call	weft_thread_resume
	end_function

# Calls the thread's function, also anew after the host has unwound the thread's stack to
# its own event loop: everything but the stack is as it was left.
	.section	.text.weft_thread_resume,"",@
	.globl	weft_thread_resume
	.type	weft_thread_resume,@function
	.export_name	weft_thread_resume, weft_thread_resume
weft_thread_resume:
	.functype	weft_thread_resume (i32) -> ()
	local.get	0
	i32.load	12		# block
	i32.const	1024		# WEFT__STACK_RESERVE
	i32.add
	global.set	weft__stack_limit
	local.get	0
	i32.load	0		# stack_top
	global.set	__stack_pointer
	local.get	0
	call	weft__thread_main
	local.get	0
	i32.const	1		# WEFT__THREAD_ENDED
	i32.atomic.store	8	# done
	local.get	0
	i32.const	-1
	memory.atomic.notify	8	# done
	drop
	end_function

# The instance that the host calls this on may be the one that trapped, the main one, or
# one that no thread has entered yet, whose stack pointer is the main thread's. The stack
# that certainly nobody uses is that of the thread in question.
	.section	.text.weft_thread_failed,"",@
	.globl	weft_thread_failed
	.type	weft_thread_failed,@function
	.export_name	weft_thread_failed, weft_thread_failed
weft_thread_failed:
	.functype	weft_thread_failed (i32) -> ()
	.local	i32, i32
	global.get	__stack_pointer
	local.set	1
	global.get	weft__stack_limit
	local.set	2
	local.get	0
	i32.load	12		# block
	i32.const	1024		# WEFT__STACK_RESERVE
	i32.add
	global.set	weft__stack_limit
	local.get	0
	i32.load	0		# stack_top
	global.set	__stack_pointer
	local.get	0
	call	weft__stdio_release
	local.get	2
	global.set	weft__stack_limit
	local.get	1
	global.set	__stack_pointer
	local.get	0
	i32.const	0		# WEFT__THREAD_RUNS
	i32.const	2		# WEFT__THREAD_FAILED
	i32.atomic.rmw.cmpxchg	8	# done
	drop
	local.get	0
	i32.const	-1
	memory.atomic.notify	8	# done
	drop
	end_function

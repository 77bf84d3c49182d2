# posix_catch.s: how pthread_exit leaves the frames between it and the thread's start: by an
# exception of WebAssembly's own, which passes through code that was not compiled for
# exceptions. This is the form of the instructions that every engine with exceptions knows.
# Hidden, so that only a program that starts threads so has exceptions in it.

	.globaltype	__stack_pointer, i32
	.tagtype	weft__posix_tag

# A throw leaves the stack pointer where it was.
	.section	.text.weft__posix_catch,"",@
	.globl	weft__posix_catch
	.hidden	weft__posix_catch
	.type	weft__posix_catch,@function
weft__posix_catch:
	.functype	weft__posix_catch (i32, i32) -> ()
	.local	i32
	global.get	__stack_pointer
	local.set	2
	try
	local.get	1
	local.get	0
	call_indirect	(i32) -> ()
	catch	weft__posix_tag
	local.get	2
	global.set	__stack_pointer
	end_try
	end_function

	.section	.text.weft__posix_throw,"",@
	.globl	weft__posix_throw
	.hidden	weft__posix_throw
	.type	weft__posix_throw,@function
weft__posix_throw:
	.functype	weft__posix_throw () -> ()
	throw	weft__posix_tag
	end_function

	.section	.text.weft__posix_tag,"",@
	.globl	weft__posix_tag
	.hidden	weft__posix_tag
weft__posix_tag:

// The functions of WASI preview 1 that the workloads import. The file is named after the module:
// the compiler takes the name of the import from it.

export declare function args_sizes_get(count: usize, size: usize): i32;
export declare function args_get(table: usize, buffer: usize): i32;
export declare function fd_read(fd: i32, vectors: usize, count: i32, result: usize): i32;
export declare function fd_write(fd: i32, vectors: usize, count: i32, result: usize): i32;
export declare function proc_exit(code: i32): void;

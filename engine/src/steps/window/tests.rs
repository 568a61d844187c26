use crate::steps::laws::{gives, outcome};

#[test]
fn ranks_count_equal_rows_once_or_leave_gaps() {
    gives(
        "window: {order_by: x, derive: {n: row_number(), r: rank(), d: dense_rank()}}",
        "x:int64\n5\n3\n5\n\n3\n9",
        "x:int64,n:int64,r:int64,d:int64\n5,3,3,2\n3,1,1,1\n5,4,3,2\n,6,6,4\n3,2,1,1\n9,5,5,3",
    );
}

#[test]
fn a_frame_of_rows_ends_with_the_row_itself() {
    gives(
        "window: {derive: {s: sum(x), m: mean(x), c: count(x), lo: min(x)}, frame: {rows: 1}}",
        "x:int64\n1\n\n3\n5",
        "x:int64,s:int64,m:float64,c:int64,lo:int64\n1,1,1,1,1\n,1,1,1,1\n3,3,3,1,3\n5,8,4,2,3",
    );
}

#[test]
fn without_an_order_the_whole_partition_is_seen() {
    gives(
        "window: {partition_by: g, derive: {s: sum(x), c: count(*), f: first(x), l: last(x), k: count(x)}}",
        "g:string,x:int64\na,1\n,\na,2\n,",
        "g:string,x:int64,s:int64,c:int64,f:int64,l:int64,k:int64\n\
         a,1,3,2,1,2,2\n,,,2,,,0\na,2,3,2,1,2,2\n,,,2,,,0",
    );
}

#[test]
fn running_values_hold_where_there_is_null() {
    gives(
        "window: {derive: {s: sum(x), m: mean(x), hi: max(x), c: count(x), l: last(x)}, frame: running}",
        "x:float64\n\n2\n\n4",
        "x:float64,s:float64,m:float64,hi:float64,c:int64,l:float64\n,,,,0,\n2,2,2,2,1,2\n,2,2,2,1,\n4,6,3,4,2,4",
    );
}

#[test]
fn lag_and_lead_stay_within_the_partition() {
    gives(
        "window: {partition_by: g, derive: {a: lag(x), b: \"lead(x, 2)\"}}",
        "g:string,x:int64\na,1\nb,2\na,3\na,5",
        "g:string,x:int64,a:int64,b:int64\na,1,,5\nb,2,,\na,3,1,\na,5,3,",
    );
}

#[test]
fn what_is_no_window_function_is_refused() {
    for call in [
        "x + 1",
        "summ(x)",
        "sum(x + 1)",
        "rank()",
        "lag(x, -1)",
        "sum(y)",
        "row_number(x)",
        "sum(x) OVER ()",
        "mean(g)",
    ] {
        let yaml = format!("window: {{derive: {{n: \"{call}\"}}}}");
        assert!(outcome(&yaml, "g:string,x:int64\na,1").is_err(), "{call}");
    }
}

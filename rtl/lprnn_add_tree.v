// lprnn_add_tree - the sum of COUNT values, modulo 2^WIDTH.
//
//   v0 --+
//        [+] -- reg --+
//   v1 --+            |
//                    [+] -- reg --> sum_o
//   v2 -------- reg --+
//
// Latency: ceil(log2 COUNT) cycles.

`default_nettype none

module lprnn_add_tree #(
    parameter COUNT = 2,  // values
    parameter WIDTH = 8   // bits of a value and of the sum
) (
    input  wire                   clk,
    input  wire [COUNT*WIDTH-1:0] values_i,
    output wire [WIDTH-1:0]       sum_o
);

    localparam LEVELS = $clog2(COUNT);

    // Level after level, on a rectangle of which the tree needs a triangle.
    wire [(LEVELS+1)*COUNT*WIDTH-1:0] node;
    assign node[COUNT*WIDTH-1:0] = values_i;

    genvar l, n;
    generate
        for (l = 0; l < LEVELS; l = l + 1) begin : gen_level
            localparam HERE = (COUNT + (1 << l) - 1) >> l;  // values of this level
            for (n = 0; n < (HERE + 1) / 2; n = n + 1) begin : gen_node
                wire [WIDTH-1:0] even = node[(l*COUNT + 2*n)*WIDTH +: WIDTH];
                reg  [WIDTH-1:0] node_q;
                if (2*n + 1 >= HERE) begin : gen_pass
                    always @(posedge clk) node_q <= even;
                end else begin : gen_join
                    always @(posedge clk) node_q <= even + node[(l*COUNT + 2*n + 1)*WIDTH +: WIDTH];
                end
                assign node[((l+1)*COUNT + n)*WIDTH +: WIDTH] = node_q;
            end
        end
    endgenerate

    assign sum_o = node[LEVELS*COUNT*WIDTH +: WIDTH];

endmodule

`default_nettype wire

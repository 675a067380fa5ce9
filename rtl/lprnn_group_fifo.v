// lprnn_group_fifo - queues finished groups.
//
//   push_i, data_i -> [ DEPTH groups ] -> valid_o, data_o, taken by pop_i
//
// The sequencer starts no group whose result would not fit, so a push never finds it full; a pop never
// comes without valid_o. Latency: 1 cycle from a push to valid_o.

`default_nettype none

module lprnn_group_fifo #(
    parameter WIDTH = 7,             // bits of a group
    parameter DEPTH = 4,             // groups, a power of two, 2 or more
    parameter STYLE = "distributed"  // "distributed" or "auto"
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             push_i,
    input  wire [WIDTH-1:0] data_i,
    input  wire             pop_i,
    output wire             valid_o,
    output wire [WIDTH-1:0] data_o
);

    localparam ADDR_W = $clog2(DEPTH);

    generate
        if (DEPTH < 2 || DEPTH != (1 << ADDR_W)) begin : gen_param_check
            error_lprnn_group_fifo_depth_is_no_power_of_two u_illegal_parameters ();
        end
    endgenerate

    reg [ADDR_W-1:0] write_q;
    reg [ADDR_W-1:0] read_q;
    reg [ADDR_W:0]   count_q;

    lprnn_ram #(
        .WIDTH   (WIDTH),
        .DEPTH   (DEPTH),
        .LATENCY (0),
        .STYLE   (STYLE)
    ) u_memory (
        .clk          (clk),
        .read_addr_i  (read_q),
        .data_o       (data_o),
        .write_i      (push_i),
        .write_addr_i (write_q),
        .data_i       (data_i)
    );

    always @(posedge clk) begin
        if (rst) begin
            write_q <= {ADDR_W{1'b0}};
            read_q  <= {ADDR_W{1'b0}};
            count_q <= {(ADDR_W+1){1'b0}};
        end else begin
            write_q <= write_q + {{(ADDR_W-1){1'b0}}, push_i};
            read_q  <= read_q + {{(ADDR_W-1){1'b0}}, pop_i};
            if (push_i & ~pop_i) begin
                count_q <= count_q + 1'b1;
            end else if (~push_i & pop_i) begin
                count_q <= count_q - 1'b1;
            end
        end
    end

    assign valid_o = |count_q;

endmodule

`default_nettype wire
